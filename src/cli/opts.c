/* opts.c: the command line (getopt_long). Every option of a command, and no other, stands in its help. */
#include "cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cli_say(fmt, ap);
    va_end(ap);
    return 2;
}

enum {
    O_JSON = 256,
    O_COLOR,
    O_FACTS,
    O_HELP,
    O_VERSION,
    O_MACHINE,
    O_ROOT,
    O_TREE,
    O_DEEP,
    O_STRICT,
    O_NVML,
    O_NO_NVML,
    O_DRIVER,
    O_COMPAT,
    O_GPU,
    O_PYTHON,
    O_OS,
    O_ARCH,
    O_GLIBC,
    O_TOOLKIT,
    O_WSL,
    O_CONTAINER,
    O_DECLARED,
    O_DECLARED_ONLY,
    O_EXACT,
    O_EVERYWHERE,
    O_OFFLINE,
    O_ALL,
    O_ANY,
    O_TOOL,
    O_MIRROR,
    O_WHAT_DRIVER,
    O_WHAT_GPU,
    O_WHAT_PYTHON,
    O_WHAT_TORCH,
    O_HTML,
    O_SVG,
    O_LIST,
    O_ELSEWHERE,
};

static const struct option options[] = {
    {"json", no_argument, NULL, O_JSON},
    {"color", required_argument, NULL, O_COLOR},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"facts", required_argument, NULL, O_FACTS},
    {"help", no_argument, NULL, O_HELP},
    {"version", no_argument, NULL, O_VERSION},
    {"machine", required_argument, NULL, O_MACHINE},
    {"root", required_argument, NULL, O_ROOT},
    {"tree", required_argument, NULL, O_TREE},
    {"deep", no_argument, NULL, O_DEEP},
    {"strict", no_argument, NULL, O_STRICT},
    {"nvml-library", required_argument, NULL, O_NVML},
    {"no-nvml", no_argument, NULL, O_NO_NVML},
    {"driver", required_argument, NULL, O_DRIVER},
    {"compat", required_argument, NULL, O_COMPAT},
    {"gpu", required_argument, NULL, O_GPU},
    {"python", required_argument, NULL, O_PYTHON},
    {"os", required_argument, NULL, O_OS},
    {"arch", required_argument, NULL, O_ARCH},
    {"glibc", required_argument, NULL, O_GLIBC},
    {"toolkit", required_argument, NULL, O_TOOLKIT},
    {"wsl", no_argument, NULL, O_WSL},
    {"container", no_argument, NULL, O_CONTAINER},
    {"declared", no_argument, NULL, O_DECLARED},
    {"declared-only", no_argument, NULL, O_DECLARED_ONLY},
    {"exact", no_argument, NULL, O_EXACT},
    {"everywhere", no_argument, NULL, O_EVERYWHERE},
    {"offline", no_argument, NULL, O_OFFLINE},
    {"all", no_argument, NULL, O_ALL},
    {"any", no_argument, NULL, O_ANY},
    {"tool", required_argument, NULL, O_TOOL},
    {"mirror", required_argument, NULL, O_MIRROR},
    {"what-driver", no_argument, NULL, O_WHAT_DRIVER},
    {"what-gpu", no_argument, NULL, O_WHAT_GPU},
    {"what-python", no_argument, NULL, O_WHAT_PYTHON},
    {"what-torch", no_argument, NULL, O_WHAT_TORCH},
    {"html", no_argument, NULL, O_HTML},
    {"svg", no_argument, NULL, O_SVG},
    {"list", no_argument, NULL, O_LIST},
    {"elsewhere", no_argument, NULL, O_ELSEWHERE},
    {NULL, 0, NULL, 0},
};

static const struct {
    const char *name;
    enum cv_command command;
} commands[] = {{"doctor", CMD_DOCTOR}, {"archs", CMD_ARCHS},     {"snapshot", CMD_SNAPSHOT},
                {"facts", CMD_FACTS},   {"resolve", CMD_RESOLVE}, {"why", CMD_WHY},
                {"matrix", CMD_MATRIX}, {"explain", CMD_EXPLAIN}, {"run", CMD_RUN}};

static bool find_command(const char *word, enum cv_command *ret)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, word) == 0) {
            *ret = commands[i].command;
            return true;
        }
    }
    return false;
}

/* Letters that two words share in order: enough to see a slip of the finger. */
static const char *near_command(const char *word)
{
    const char *best = NULL;
    size_t best_n = 2;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        size_t n = 0;
        const char *p = word;
        for (const char *q = commands[i].name; *q; q++) {
            const char *hit = strchr(p, *q);
            if (hit) {
                n++;
                p = hit + 1;
            }
        }
        if (n > best_n) {
            best = commands[i].name;
            best_n = n;
        }
    }
    return best;
}

static int override(struct cli_options *o, const char *key, const char *value)
{
    if (o->n_overrides == CLI_MAX_OVERRIDES)
        return cli_error("too many overrides");
    o->overrides[o->n_overrides++] = (struct cli_override){key, value};
    return 0;
}

static int take_color(struct cli_options *o, const char *v)
{
    if (strcmp(v, "auto") == 0)
        o->color = -1;
    else if (strcmp(v, "always") == 0 || strcmp(v, "never") == 0)
        o->color = v[0] == 'a';
    else
        return cli_error("--color: \"%s\" is none of auto, always, never", v);
    return 0;
}

static int once(const char **to, const char *name, const char *value)
{
    if (*to)
        return cli_error("%s: given twice", name);
    if (*value == 0)
        return cli_error("%s: needs a value", name);
    *to = value;
    return 0;
}

/* Several machines are for resolve alone (check). */
static int take_machine(struct cli_options *o, const char *v)
{
    if (*v == 0)
        return cli_error("--machine: needs a value");
    if (o->n_machines == CLI_MAX_MACHINES)
        return cli_error("--machine: too many machines");
    o->machines[o->n_machines++] = v;
    o->machine = o->machines[0];
    return 0;
}

/* Options of resolve and its kin; -1 = none of them. */
static int take_resolve_option(struct cli_options *o, int c)
{
    switch (c) {
    case O_ALL:
        o->all = true;
        return 0;
    case O_ANY:
        o->any = true;
        return 0;
    case O_TOOL:
        return once(&o->tool, "--tool", optarg);
    case O_MIRROR:
        return once(&o->mirror, "--mirror", optarg);
    case O_HTML:
        o->html = true;
        return 0;
    case O_SVG:
        o->svg = true;
        return 0;
    case O_WHAT_DRIVER:
        o->what |= CUVET_WHAT_DRIVER;
        return 0;
    case O_WHAT_GPU:
        o->what |= CUVET_WHAT_GPU;
        return 0;
    case O_WHAT_PYTHON:
        o->what |= CUVET_WHAT_PYTHON;
        return 0;
    case O_WHAT_TORCH:
        o->what |= CUVET_WHAT_TORCH;
        return 0;
    default:
        return -1;
    }
}

/* -1: not one of archs' or explain's own. */
static int take_file_option(struct cli_options *o, int c)
{
    switch (c) {
    case O_DECLARED:
        o->declared = true;
        return 0;
    case O_DECLARED_ONLY:
        o->declared_only = true;
        return 0;
    case O_EXACT:
        o->exact = true;
        return 0;
    case O_EVERYWHERE:
        o->everywhere = true;
        return 0;
    case O_OFFLINE:
        o->offline = true;
        return 0;
    case O_LIST:
        o->list = true;
        return 0;
    case O_ELSEWHERE:
        o->elsewhere = true;
        return 0;
    default:
        return -1;
    }
}

static int take_option(struct cli_options *o, int c)
{
    int rc = take_resolve_option(o, c);
    if (rc < 0)
        rc = take_file_option(o, c);
    if (rc >= 0)
        return rc;
    switch (c) {
    case O_JSON:
        o->json = true;
        return 0;
    case O_COLOR:
        return take_color(o, optarg);
    case 'q':
        o->quiet = true;
        return 0;
    case 'v':
        o->verbose = true;
        return 0;
    case O_FACTS:
        return once(&o->facts_dir, "--facts", optarg);
    case 'h':
    case O_HELP:
        o->help = true;
        return 0;
    case O_VERSION:
        o->version = true;
        return 0;
    case O_MACHINE:
        return take_machine(o, optarg);
    case O_ROOT:
        return once(&o->root, "--root", optarg);
    case O_TREE:
        return once(&o->tree, "--tree", optarg);
    case O_DEEP:
        o->deep = true;
        return 0;
    case O_STRICT:
        o->strict = true;
        return 0;
    case O_NVML:
        return once(&o->nvml_library, "--nvml-library", optarg);
    case O_NO_NVML:
        o->no_nvml = true;
        return 0;
    case O_DRIVER:
        return override(o, "driver", optarg);
    case O_COMPAT:
        return override(o, "compat", optarg);
    case O_GPU:
        return override(o, "gpu", optarg);
    case O_PYTHON:
        return override(o, "python", optarg);
    case O_OS:
        return override(o, "os", optarg);
    case O_ARCH:
        return override(o, "arch", optarg);
    case O_GLIBC:
        return override(o, "glibc", optarg);
    case O_TOOLKIT:
        return override(o, "toolkit", optarg);
    case O_WSL:
        return override(o, "wsl", NULL);
    case O_CONTAINER:
        return override(o, "container", NULL);
    default:
        return 2;
    }
}

static int bad_option(char **argv, int c)
{
    const char *word = optind > 0 ? argv[optind - 1] : "";
    if (c == ':' && optopt >= 256)
        return cli_error("%s: needs a value", word);
    if (optopt && optopt < 256)
        return cli_error("unknown option -%c (see cuvet --help)", optopt);
    return cli_error("unknown or ambiguous option %s (see cuvet --help)", word);
}

/* Files are read, no machine is looked at: of the machine's options only its GPUs mean something. */
static int check_archs(const struct cli_options *o)
{
    if (o->n_args == 0)
        return cli_error("archs: name at least one file, folder or wheel");
    if (o->machine || o->deep || o->nvml_library)
        return cli_error("archs: reads files, no machine; --gpu NAME says which GPU is meant");
    if (o->declared_only && (o->exact || o->everywhere))
        return cli_error("archs: --declared-only and --%s contradict each other",
                         o->exact ? "exact" : "everywhere");
    for (unsigned i = 0; i < o->n_overrides; i++)
        if (strcmp(o->overrides[i].key, "gpu") != 0)
            return cli_error("archs: --%s says nothing about a file's code; --gpu does",
                             o->overrides[i].key);
    return 0;
}

static int check_explain(const struct cli_options *o)
{
    if (o->list && o->n_args > 0)
        return cli_error("explain --list: takes no further word");
    if (o->elsewhere && (o->root || (o->machine && strcmp(o->machine, "none") != 0)))
        return cli_error(
            "--elsewhere: the log says which machine is meant; --machine and --root contradict it");
    if (o->machine && strcmp(o->machine, "-") == 0 &&
        (o->n_args == 0 || strcmp(o->args[0], "-") == 0))
        return cli_error("explain: the log and the machine cannot both be standard input");
    return 0;
}

static int check_run(const struct cli_options *o)
{
    if (o->n_args == 0)
        return cli_error("run: name the command, as in cuvet run -- python train.py");
    if (o->machine || o->root || o->json)
        return cli_error(
            "run: runs a command on this machine: --machine, --root and --json say nothing here");
    return 0;
}

static int check(const struct cli_options *o)
{
    if (o->help || o->version)
        return 0;
    if (o->machine && o->root)
        return cli_error(
            "--machine and --root contradict each other: both say which machine is meant");
    if (o->tree && o->command != CMD_SNAPSHOT)
        return cli_error("--tree belongs to cuvet snapshot");
    if (o->tree && (o->machine || o->root || o->n_overrides))
        return cli_error(
            "--tree records the running machine: it goes with no --machine, --root or override");
    if ((o->declared || o->declared_only || o->exact || o->everywhere) && o->command != CMD_ARCHS)
        return cli_error(
            "--declared, --declared-only, --exact and --everywhere belong to cuvet archs");
    if (o->command == CMD_ARCHS)
        return check_archs(o);
    bool resolves = o->command == CMD_RESOLVE || o->command == CMD_WHY || o->command == CMD_MATRIX;
    if (!resolves && (o->all || o->any || o->tool || o->mirror))
        return cli_error("--all, --any, --tool and --mirror belong to cuvet resolve");
    if ((o->html || o->svg) && o->command != CMD_MATRIX)
        return cli_error("--html and --svg belong to cuvet matrix");
    if (o->json + o->html + o->svg > 1)
        return cli_error("--json, --html and --svg contradict each other");
    if (o->what && o->command != CMD_RESOLVE)
        return cli_error("--what-driver, --what-gpu, --what-python and --what-torch belong to "
                         "cuvet resolve");
    if (o->what && o->all)
        return cli_error("--all says nothing beside --what-...: all builds are asked");
    if (o->what && o->n_machines > 1)
        return cli_error("--machine: given twice");
    if (o->n_machines > 1 && o->command != CMD_RESOLVE)
        return cli_error("--machine: given twice");
    if (o->command == CMD_MATRIX && (o->tool || o->mirror))
        return cli_error("--tool and --mirror belong to cuvet resolve");
    if ((o->list || o->elsewhere) && o->command != CMD_EXPLAIN)
        return cli_error("--list and --elsewhere belong to cuvet explain");
    if (o->command == CMD_EXPLAIN)
        return check_explain(o);
    if (o->command == CMD_RUN)
        return check_run(o);
    if (o->command == CMD_WHY && (o->n_args != 1 || o->all))
        return cli_error("why: takes one requirement, like torch==2.8.0");
    if (resolves)
        return 0;
    if (o->command == CMD_FACTS) {
        bool list = o->n_args >= 1 && strcmp(o->args[0], "list") == 0,
             show = o->n_args >= 1 && strcmp(o->args[0], "show") == 0;
        if (!list && !show)
            return cli_error("facts: list [TABLE], or show TABLE KEY");
        if ((list && o->n_args > 2) || (show && o->n_args != 3))
            return cli_error("facts %s: %s", o->args[0],
                             list ? "takes at most a TABLE" : "takes a TABLE and a KEY");
    } else if (o->n_args > 0) {
        return cli_error("unexpected word \"%s\" (see cuvet --help)", o->args[0]);
    }
    return 0;
}

int cli_parse(int argc, char **argv, struct cli_options *ret)
{
    struct cli_options o = {.command = CMD_DOCTOR, .color = -1, .args = argv + 1};
    bool named = false;
    int c;
    opterr = 0;
    while ((c = getopt_long(argc, argv, "-:qvh", options, NULL)) != -1) {
        int rc = 0;
        if (c == '?' || c == ':')
            return bad_option(argv, c);
        if (c == 1) { /* a word */
            if (!named && strcmp(optarg, "help") == 0) {
                o.help = true;
                continue;
            }
            if (!named && find_command(optarg, &o.command)) {
                named = true;
                continue;
            }
            if (!named) {
                const char *near = near_command(optarg);
                return near ? cli_error(
                                  "unknown command \"%s\"; did you mean %s? (see cuvet --help)",
                                  optarg, near)
                            : cli_error("unknown command \"%s\" (see cuvet --help)", optarg);
            }
            if (o.command == CMD_RUN) { /* what follows is its own */
                optind--;
                break;
            }
            o.args[o.n_args++] = optarg;
            continue;
        }
        rc = take_option(&o, c);
        if (rc)
            return rc;
    }
    for (; optind < argc; optind++) /* behind "--" */
        o.args[o.n_args++] = argv[optind];
    if (o.help)
        cli_help(o.command, !named);
    int rc = check(&o);
    *ret = o;
    return rc;
}
