package kubelet

import (
	"math"
	"path"
	"strconv"
	"strings"
	"time"
)

// outcome is what a command does when nobody interferes.
type outcome struct {
	// forever: the command does not end by itself.
	forever bool
	// after this time it ends or, for a server, begins to answer.
	after time.Duration
	code  int32
	// serves: a server, which answers on its ports.
	serves bool
	// endsOnTerm: SIGTERM ends it. Process 1 of a container without a handler ignores SIGTERM, so sleep and sh do not.
	endsOnTerm bool
	// missing: there is no such executable.
	missing bool
}

// role is what a command is run for. A program that we do not know is a server when it is a container's own command,
// and something quick that succeeds when it is a hook or a probe.
type role int

const (
	roleMain role = iota
	roleHook
)

const scriptStepsMax = 10_000

// interpret tells what a command line does. It knows sleep, true, false, test-like no-ops and `sh -c` with lists,
// `&&`, `||`, `!`, groups, if, while/until, exec, exit, trap and background jobs.
func interpret(command []string, as role) outcome {
	if len(command) == 0 {
		return outcome{forever: true, serves: true, endsOnTerm: true}
	}
	shell := shell{role: as}
	if script, ok := shellScript(command); ok {
		shell.script(script)
	} else {
		shell.simple(command, true)
	}
	if shell.forever && !shell.serves {
		shell.elapsed = 0
	}
	return outcome{
		forever: shell.forever, after: shell.elapsed, code: shell.code, serves: shell.serves,
		endsOnTerm: shell.serves || shell.trapsTerm, missing: shell.missing,
	}
}

func shellScript(command []string) (string, bool) {
	switch path.Base(command[0]) {
	case "sh", "bash", "ash", "dash":
	default:
		return "", false
	}
	// Options may stand before -c, with it in one word, and between it and the script.
	isScript := false
	for _, argument := range command[1:] {
		if !strings.HasPrefix(argument, "-") && !strings.HasPrefix(argument, "+") {
			return argument, isScript
		}
		isScript = isScript || !strings.HasPrefix(argument, "--") && strings.Contains(argument, "c")
	}
	return "", false
}

// shell runs a script on an imaginary clock.
type shell struct {
	role    role
	elapsed time.Duration
	code    int32
	// exited: `exit` or `exec` was reached.
	exited    bool
	forever   bool
	serves    bool
	trapsTerm bool
	missing   bool
	jobs      []outcome
	steps     int
}

func (s *shell) ended() bool {
	s.steps++
	if s.steps > scriptStepsMax {
		s.forever = true
	}
	return s.exited || s.forever
}

func (s *shell) script(text string) {
	parser := parser{tokens: tokenize(text)}
	parser.list(s, true)
	if !s.exited && !s.forever && parser.position < len(parser.tokens) {
		s.exit(2) // a syntax error, as sh answers it
	}
}

func (s *shell) exit(code int32) {
	s.code = code
	s.exited = true
}

var quickCommands = map[string]bool{
	":": true, "true": true, "echo": true, "printf": true, "touch": true, "rm": true, "mkdir": true, "cat": true, "ls": true,
	"date": true, "env": true, "cp": true, "mv": true, "chmod": true, "chown": true, "id": true, "hostname": true, "wget": true,
	"curl": true, "grep": true, "kill": true, "set": true, "export": true, "cd": true, "umask": true, "ulimit": true,
	"test": true, "[": true, "unset": true, "whoami": true, "uname": true, "pwd": true,
}

// simple runs one command. `first` is true for process 1 itself rather than a command inside a script.
func (s *shell) simple(words []string, first bool) {
	for len(words) > 0 && isAssignment(words[0]) {
		words = words[1:]
	}
	if len(words) == 0 {
		s.code = 0
		return
	}
	name := path.Base(words[0])
	switch {
	case quickCommands[name]:
		s.code = 0
	case name == "false":
		s.code = 1
	case name == "sleep":
		s.sleep(words[1:])
	case name == "exit" && !first:
		s.exit(exitCode(words[1:], s.code))
	case name == "exec" && !first:
		s.nested(words[1:])
		s.exited = true
	case name == "trap" && !first:
		s.trap(words[1:])
	case name == "wait" && !first:
		s.wait()
	case isMissing(words[0]):
		s.code, s.missing = 127, first
	default:
		s.other(words)
	}
}

func (s *shell) other(words []string) {
	if script, ok := shellScript(words); ok {
		inner := shell{role: s.role}
		inner.script(script)
		s.join(inner)
		return
	}
	s.code = 0
	if s.role == roleMain {
		s.forever, s.serves = true, true
	}
}

func (s *shell) nested(words []string) {
	inner := shell{role: s.role}
	inner.simple(words, false)
	s.join(inner)
}

// join adds what a sub-shell did.
func (s *shell) join(inner shell) {
	s.elapsed += inner.elapsed
	s.code = inner.code
	s.forever = s.forever || inner.forever
	s.serves = s.serves || inner.serves
}

func (s *shell) sleep(arguments []string) {
	s.code = 0
	if len(arguments) == 0 {
		s.code = 1
	}
	for _, argument := range arguments {
		duration, forever, ok := sleepDuration(argument)
		switch {
		case !ok:
			s.code = 1
			return
		case forever:
			s.forever = true
		default:
			s.elapsed += duration
		}
	}
}

func (s *shell) trap(arguments []string) {
	s.code = 0
	if len(arguments) < 2 || arguments[0] == "" || arguments[0] == "-" {
		return
	}
	for _, signal := range arguments[1:] {
		switch strings.TrimPrefix(signal, "SIG") {
		case "TERM", "15", "EXIT", "0":
			s.trapsTerm = s.trapsTerm || strings.Contains(arguments[0], "exit") || strings.Contains(arguments[0], "kill")
		}
	}
}

func (s *shell) wait() {
	s.code = 0
	for _, job := range s.jobs {
		s.forever = s.forever || job.forever
		s.serves = s.serves || job.serves
		s.elapsed = max(s.elapsed, job.after)
	}
	s.jobs = nil
}

func isAssignment(word string) bool {
	name, _, found := strings.Cut(word, "=")
	if !found || name == "" {
		return false
	}
	return strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func isMissing(name string) bool {
	return strings.Contains(name, "does-not-exist") || strings.Contains(name, "no-such-")
}

func exitCode(arguments []string, last int32) int32 {
	if len(arguments) == 0 {
		return last
	}
	code, err := strconv.Atoi(arguments[0])
	if err != nil {
		return 2
	}
	return int32(code & 0xff)
}

// sleepDuration reads an argument of coreutils' sleep: a decimal number with an optional unit, or infinity.
func sleepDuration(text string) (duration time.Duration, forever bool, ok bool) {
	unit := time.Second
	number := text
	if length := len(text); length > 1 {
		known := true
		switch text[length-1] {
		case 's':
		case 'm':
			unit = time.Minute
		case 'h':
			unit = time.Hour
		case 'd':
			unit = 24 * time.Hour
		default:
			known = false
		}
		if known {
			number = text[:length-1]
		}
	}
	if lower := strings.ToLower(text); lower == "infinity" || lower == "inf" {
		return 0, true, true
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || value < 0 || math.IsNaN(value) {
		return 0, false, false
	}
	if value*float64(unit) > float64(10*365*24*time.Hour) {
		return 0, true, true
	}
	return time.Duration(value * float64(unit)), false, true
}
