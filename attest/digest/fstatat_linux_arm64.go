package digest

import "syscall"

const fstatat = syscall.SYS_FSTATAT
