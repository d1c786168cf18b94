package kubelet

import "syscall"

// ownGroup puts a child into a process group of its own and ends it with this kubelet.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
