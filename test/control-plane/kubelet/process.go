package kubelet

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
)

// Real pods: the containers' commands run as child processes of this kubelet. They learn the address they may listen
// on from the variable LISTEN_ADDRESS (127.R.x.y); status.podIP differs from it in the first byte (see addresses).

const hookTimeout = 10 * time.Minute

// process is the child process of one container.
type process struct {
	group int
	file  string
	mutex sync.Mutex
	done  bool
	code  int32
}

// launches carries starts to one thread that lives as long as the kubelet: a parent-death signal is bound to the
// thread that made the child.
var launches = make(chan func())

func init() {
	go func() {
		runtime.LockOSThread()
		for launch := range launches {
			launch()
		}
	}()
}

func launch(command *exec.Cmd) error {
	result := make(chan error, 1)
	launches <- func() { result <- command.Start() }
	return <-result
}

func startProcess(l *life, c *container) (*process, error) {
	if l.options.Directory == "" {
		return nil, fmt.Errorf("real processes need --directory")
	}
	words := expand(l, c, append(append([]string{}, c.spec.Command...), c.spec.Args...))
	if len(words) == 0 {
		return nil, fmt.Errorf("a real process needs a command; images are not run")
	}
	environment, err := environmentOf(l, c)
	if err != nil {
		return nil, err
	}
	log, err := logFile(l, c)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(words[0], words[1:]...)
	command.Env, command.Dir = environment, c.spec.WorkingDir
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = ownGroup()
	if err := launch(command); err != nil {
		return nil, err
	}
	p := &process{group: command.Process.Pid}
	// Whoever cleans up after a crash finds the groups here.
	p.file = filepath.Join(l.options.Directory, "groups", strconv.Itoa(p.group))
	if err := os.WriteFile(p.file, nil, 0o600); err != nil {
		p.kill()
		return nil, err
	}
	go p.wait(command, l.wake)
	return p, nil
}

func logFile(l *life, c *container) (*os.File, error) {
	for _, folder := range []string{"logs", "groups"} {
		if err := os.MkdirAll(filepath.Join(l.options.Directory, folder), 0o700); err != nil {
			return nil, err
		}
	}
	name := fmt.Sprintf("%s_%s_%s.log", l.pod.Namespace, l.pod.Name, c.spec.Name)
	return os.OpenFile(filepath.Join(l.options.Directory, "logs", name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (p *process) wait(command *exec.Cmd, wake func()) {
	_ = command.Wait()
	code := int32(command.ProcessState.ExitCode())
	if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int32(status.Signal())
	}
	_ = syscall.Kill(-p.group, syscall.SIGKILL) // what it left behind
	_ = os.Remove(p.file)
	p.mutex.Lock()
	p.done, p.code = true, code
	p.mutex.Unlock()
	wake()
}

func (p *process) ended() (bool, int32) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.done, p.code
}

func (p *process) signalTerm() {
	if done, _ := p.ended(); !done {
		_ = syscall.Kill(p.group, syscall.SIGTERM)
	}
}

func (p *process) kill() {
	if done, _ := p.ended(); !done {
		_ = syscall.Kill(-p.group, syscall.SIGKILL)
	}
}

// environmentOf gives a process the variables of its container and where it may listen.
func environmentOf(l *life, c *container) ([]string, error) {
	environment := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "HOSTNAME=" + l.pod.Name}
	for _, variable := range c.spec.Env {
		value := variable.Value
		if from := variable.ValueFrom; from != nil {
			if from.FieldRef == nil {
				return nil, fmt.Errorf("environment variable %s: real processes know value and fieldRef only", variable.Name)
			}
			field, err := podField(l, from.FieldRef.FieldPath)
			if err != nil {
				return nil, fmt.Errorf("environment variable %s: %w", variable.Name, err)
			}
			value = field
		}
		environment = append(environment, variable.Name+"="+value)
	}
	return append(environment, "LISTEN_ADDRESS="+reachable(l.address)), nil
}

func podField(l *life, path string) (string, error) {
	switch path {
	case "metadata.name":
		return l.pod.Name, nil
	case "metadata.namespace":
		return l.pod.Namespace, nil
	case "metadata.uid":
		return string(l.pod.UID), nil
	case "status.podIP", "status.podIPs":
		return l.address, nil
	case "status.hostIP", "status.hostIPs":
		return l.nodeAddress, nil
	case "spec.nodeName":
		return l.pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return l.pod.Spec.ServiceAccountName, nil
	}
	for prefix, values := range map[string]map[string]string{
		"metadata.labels['": l.pod.Labels, "metadata.annotations['": l.pod.Annotations,
	} {
		if key, found := strings.CutPrefix(path, prefix); found {
			return values[strings.TrimSuffix(key, "']")], nil
		}
	}
	return "", fmt.Errorf("field %q is not supported", path)
}

// expand replaces $(NAME) in a command by the container's variable, as a kubelet does.
func expand(l *life, c *container, words []string) []string {
	environment, err := environmentOf(l, c)
	if err != nil {
		return words
	}
	var pairs []string
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		pairs = append(pairs, "$("+name+")", value)
	}
	replacer := strings.NewReplacer(append([]string{"$$", "$"}, pairs...)...)
	expanded := make([]string, len(words))
	for i, word := range words {
		expanded[i] = replacer.Replace(word)
	}
	return expanded
}

// runCommand runs a hook or an exec probe for real.
func runCommand(l *life, c *container, words []string, timeout time.Duration) *task {
	result := make(chan int32, 1)
	go func() {
		result <- commandCode(l, c, words, timeout)
		l.wake()
	}()
	return &task{result: result}
}

func commandCode(l *life, c *container, words []string, timeout time.Duration) int32 {
	environment, err := environmentOf(l, c)
	if err != nil || len(words) == 0 {
		return 126
	}
	command := exec.Command(words[0], words[1:]...)
	command.Env, command.Dir, command.SysProcAttr = environment, c.spec.WorkingDir, ownGroup()
	if launch(command) != nil {
		return 126
	}
	timer := time.AfterFunc(timeout, func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	_ = command.Wait()
	return int32(command.ProcessState.ExitCode())
}

// realProbe runs one probe against a real process.
func realProbe(l *life, c *container, probe *v1.Probe) *task {
	timeout := seconds(max(probe.TimeoutSeconds, 1))
	if probe.Exec != nil {
		return runCommand(l, c, probe.Exec.Command, timeout)
	}
	result := make(chan int32, 1)
	go func() {
		result <- networkCode(l, c, probe, timeout)
		l.wake()
	}()
	return &task{result: result}
}

// probeClient does not follow redirects to other hosts and does not check certificates, as a kubelet.
var probeClient = &http.Client{
	Transport: &http.Transport{
		DisableKeepAlives: true, Proxy: nil,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func networkCode(l *life, c *container, probe *v1.Probe, timeout time.Duration) int32 {
	port, found := probePort(c.spec, probe)
	if !found {
		return 1
	}
	target := net.JoinHostPort(reachable(l.address), strconv.Itoa(int(port)))
	if probe.HTTPGet == nil {
		connection, err := net.DialTimeout("tcp", target, timeout)
		if err != nil {
			return 1
		}
		connection.Close()
		return 0
	}
	scheme := strings.ToLower(string(probe.HTTPGet.Scheme))
	if scheme == "" {
		scheme = "http"
	}
	context, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	path := "/" + strings.TrimPrefix(probe.HTTPGet.Path, "/")
	request, err := http.NewRequestWithContext(context, http.MethodGet, scheme+"://"+target+path, nil)
	if err != nil {
		return 1
	}
	for _, header := range probe.HTTPGet.HTTPHeaders {
		request.Header.Add(header.Name, header.Value)
	}
	response, err := probeClient.Do(request)
	if err != nil {
		return 1
	}
	response.Body.Close()
	if response.StatusCode >= 200 && response.StatusCode < 400 {
		return 0
	}
	return 1
}
