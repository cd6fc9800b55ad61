/* help.c: --help, one screen a command. */
#include "cli.h"

#include <string.h>

static void say(const char *text)
{
    (void)cli_write(NULL, text, strlen(text));
}

static const char general_help[] =
    "cuvet: do this machine's driver, GPU, CUDA, cuDNN and PyTorch fit together?\n"
    "\n"
    "Usage: cuvet [doctor] [OPTION...]        find everything, judge it, say what to do\n"
    "       cuvet archs FILE...               which GPUs a binary was really built for\n"
    "       cuvet snapshot [--tree DIR]       the machine as one line of JSON, or as files\n"
    "       cuvet resolve [REQ...]            which PyTorch to install, and the command\n"
    "       cuvet why REQ                     one build against the machine, rule by rule\n"
    "       cuvet matrix [REQ...]             torch by CUDA variant: which cells run\n"
    "       cuvet explain [FILE|-|TEXT]       an error or a whole log: the cause here, the fix\n"
    "       cuvet run -- CMD...               run a command, explain it if it fails\n"
    "       cuvet facts list [TABLE]          the knowledge: tables, and keys of one\n"
    "       cuvet facts show TABLE KEY        a row with its source\n"
    "       cuvet help COMMAND                the options of a command\n"
    "\n";

static const char machine_help[] =
    "Which machine:\n"
    "  --machine FILE|-|none   a snapshot, standard input, or nothing known\n"
    "  --root DIR              a file tree: a mounted disk, a container's root\n"
    "  --driver V|none         and change this: driver version or branch (580)\n"
    "  --gpu NAME              \"RTX 3090\", sm_86, 8.6, 10de:2204, g5.12xlarge, none;\n"
    "                          repeat for several\n"
    "  --compat V              a cuda-compat package is on the loader's path\n"
    "  --python X.Y[t]  --os linux|windows|macos  --arch x86_64|aarch64\n"
    "  --glibc V  --toolkit V  --wsl  --container\n"
    "  --deep                  look for environments in all of home and the usual roots\n"
    "  --no-nvml               never load NVIDIA's management library\n";

static const char output_help[] =
    "Output:\n"
    "  --json                  one JSON document\n"
    "  --color auto|always|never   -q, --quiet   -v, --verbose\n"
    "  --facts DIR             tables that win over the built-in ones\n"
    "  --help  --version\n";

static const char doctor_help[] =
    "Usage: cuvet [doctor] [OPTION...]\n"
    "Finds the driver, GPUs, CUDA toolkits, cuDNN, NCCL and every PyTorch, and says whether they "
    "fit.\n"
    "Runs nothing that it inspects, needs no root and no network, and writes nothing.\n"
    "\n";

static const char doctor_tail[] =
    "  --strict                warnings make the exit code 1\n"
    "\n"
    "Exit code: 0 fits, 1 does not fit or an error was found, 2 wrong use, 3 cannot tell.\n";

static const char snapshot_help[] =
    "Usage: cuvet snapshot [OPTION...]\n"
    "Prints what was found as one JSON object on one line; `cuvet --machine FILE` reads it "
    "anywhere.\n"
    "\n"
    "  --tree DIR              instead: copy the files that were read into DIR (must be\n"
    "                          empty or absent); `cuvet --root DIR` reads them\n"
    "\n";

static const char archs_help[] =
    "Usage: cuvet archs [OPTION...] FILE...\n"
    "Which GPU code (SASS and PTX) is in a file, and in how many of its containers. FILE is a\n"
    "shared object, program, .o, .a, .cubin, .fatbin, .ptx, Windows DLL, wheel, a folder, the\n"
    "name of an installed package, or the https:// address of a wheel (read by ranges, not\n"
    "stored).\n"
    "Nothing is run.\n"
    "\n"
    "  --gpu NAME              does it run there? \"RTX 3090\", sm_86, 8.6; repeat for several\n"
    "  --declared              also what the package says that it was built for\n"
    "  --declared-only         only that (a wheel: in milliseconds)\n"
    "  --everywhere            also search the sections that are not meant for GPU code (cuFFT\n"
    "                          and others keep some in their data); reads whole files\n"
    "  --exact                 with --declared and an address: its code too, a large download\n"
    "  --offline               open no connection\n"
    "  --root DIR              FILE lies in this file tree\n"
    "  --json                  one JSON document\n"
    "  --color auto|always|never   -q, --quiet   -v, --verbose\n"
    "\n"
    "Exit code: 0 read, 1 with --gpu: a file has GPU code but none for it, 2 a file could not\n"
    "be read to its end (the others are answered all the same).\n";
static const char resolve_help[] =
    "Usage: cuvet resolve [REQ...] [OPTION...]\n"
    "Which PyTorch to install here, or on the machine described: the pick, the command, why, and\n"
    "why others lost. A REQ is a name with PEP 440 specifiers; several must all hold:\n"
    "  torch  torch==2.8.0  'torch>=2.4,<2.9'  torch==2.1.0+cu121  cuda==12.4  cudnn==9.*\n"
    "  python==3.12  torchvision==0.20.1  and torchaudio, torchcodec, triton, xformers,\n"
    "  flash-attn, vllm, bitsandbytes\n"
    "\n"
    "  --tool T                pip, uv, uv-project, poetry, requirements, conda, mamba, pixi\n"
    "  --mirror NAME|URL       take the wheels from a mirror: aliyun, sjtu, nju, tuna, a URL\n"
    "  --any                   of several GPUs one that runs is enough\n"
    "  --all                   every known build, also those that do not fit\n"
    "\n"
    "--machine may be given several times: one build for all of them, or the fewest.\n"
    "\n"
    "The other way round, of builds and not of this machine (unless --machine or --root names\n"
    "one; --driver, --gpu, --python, --os, ... narrow the answer):\n"
    "  --what-driver [REQ...]  the oldest driver:   --what-driver torch==2.8.0+cu128\n"
    "  --what-gpu [REQ...]     the GPUs:            --what-gpu torch==1.13.1\n"
    "  --what-python [REQ...]  the Pythons:         --what-python torch==1.13.1\n"
    "  --what-torch [REQ...]   the releases:        --what-torch --driver 470, or --gpu k80\n"
    "\n";

static const char why_help[] =
    "Usage: cuvet why REQ [OPTION...]\n"
    "One build against the machine, rule by rule, with the facts behind each: the newest release\n"
    "that REQ allows, as a bare install gets it there; torch==2.1.0+cu121 names the build.\n"
    "\n";

static const char matrix_help[] =
    "Usage: cuvet matrix [REQ...] [OPTION...]\n"
    "The table of torch releases by CUDA variants; what runs on the machine is marked. A REQ\n"
    "('torch>=2.4', cuda==12.6) leaves out the rest; with --machine none and nothing else the\n"
    "table is of what is published.\n"
    "\n"
    "  --html, --svg           a page or a picture on standard output, complete in itself\n"
    "  --all                   every patch release, not only the last of each\n"
    "  --any                   of several GPUs one that runs is enough\n"
    "\n";

static const char matrix_tail[] =
    "\n"
    "Exit code: 0 the table, 1 no build meets the request, 2 wrong use.\n";

static const char resolve_tail[] =
    "\n"
    "Exit code: 0 runs, 1 nothing runs, 2 wrong use, 3 cannot tell or something is left open.\n";

static const char explain_help[] =
    "Usage: cuvet explain [FILE|-|TEXT] [OPTION...]\n"
    "       cuvet explain --list\n"
    "       cuvet explain ID\n"
    "An error message or a whole log in (standard input without FILE): what it means, which of\n"
    "its possible causes this machine confirms, and what mends it.\n"
    "  python train.py 2>&1 | cuvet explain      cuvet explain 'CUDA error: out of memory'\n"
    "\n"
    "  --elsewhere             the log is of another machine: what it says of that machine\n"
    "                          counts, and nothing of this one; --driver, --gpu add to it\n"
    "  --list                  all messages that are known; ID: one with causes and sources\n"
    "\n";

static const char explain_tail[] = "\n"
                                   "Exit code: 0 recognised, 2 wrong use, 3 not recognised.\n";

static const char run_help[] =
    "Usage: cuvet run [OPTION...] -- CMD...\n"
    "Runs the command as it is, with its own input and output. If it fails, its standard error\n"
    "is explained behind it, also on standard error. The exit code is the command's (128 + n\n"
    "where signal n ended it).\n"
    "\n"
    "  -q, --quiet             say nothing where nothing was recognised\n"
    "  -v, --verbose           every message of the log\n"
    "  --color auto|always|never   --no-nvml   --facts DIR\n";

static const char facts_help[] =
    "Usage: cuvet facts list [TABLE]\n"
    "       cuvet facts show TABLE KEY\n"
    "The knowledge behind the verdicts. A key of several columns is written A/B/C; its beginning\n"
    "is enough: `cuvet facts show torch-builds 2.8.0` shows all builds of that release.\n"
    "\n"
    "  --json                  one JSON document\n"
    "  --facts DIR             tables that win over the built-in ones\n";

void cli_help(enum cv_command command, bool general)
{
    if (general) {
        say(general_help);
        say(machine_help);
        say("\n");
        say(output_help);
        say(doctor_tail);
    } else if (command == CMD_DOCTOR) {
        say(doctor_help);
        say(machine_help);
        say("\n");
        say(output_help);
        say(doctor_tail);
    } else if (command == CMD_ARCHS) {
        say(archs_help);
    } else if (command == CMD_RESOLVE || command == CMD_WHY) {
        say(command == CMD_WHY ? why_help : resolve_help);
        say(machine_help);
        say("\n");
        say(output_help);
        say(resolve_tail);
    } else if (command == CMD_MATRIX) {
        say(matrix_help);
        say(machine_help);
        say("\n");
        say(output_help);
        say(matrix_tail);
    } else if (command == CMD_EXPLAIN) {
        say(explain_help);
        say(machine_help);
        say("\n");
        say(output_help);
        say(explain_tail);
    } else if (command == CMD_RUN) {
        say(run_help);
    } else if (command == CMD_SNAPSHOT) {
        say(snapshot_help);
        say(machine_help);
    } else {
        say(facts_help);
    }
}
