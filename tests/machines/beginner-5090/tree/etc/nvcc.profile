
TOP              = /usr/lib/nvidia-cuda-toolkit
