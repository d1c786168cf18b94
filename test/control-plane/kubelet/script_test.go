package kubelet

import (
	"testing"
	"time"
)

func TestInterpret(t *testing.T) {
	sh := func(script string) []string { return []string{"sh", "-c", script} }
	server := outcome{forever: true, serves: true, endsOnTerm: true}
	ends := func(after time.Duration, code int32) outcome { return outcome{after: after, code: code} }
	forever := outcome{forever: true}
	cases := []struct {
		name    string
		command []string
		want    outcome
	}{
		{"no command is a server", nil, server},
		{"unknown program is a server", []string{"/usr/bin/web", "--port", "80"}, server},
		{"sleep", []string{"sleep", "1.5"}, ends(1500*time.Millisecond, 0)},
		{"sleep with units adds up", []string{"/bin/sleep", "1m", "2s"}, ends(62*time.Second, 0)},
		{"sleep infinity", []string{"sleep", "infinity"}, forever},
		{"sleep with a bad number", []string{"sleep", "soon"}, ends(0, 1)},
		{"false", []string{"/bin/false"}, ends(0, 1)},
		{"missing executable", []string{"/does-not-exist"}, outcome{code: 127, missing: true}},
		{"job form", sh("sleep 2 && exit 3"), ends(2*time.Second, 3)},
		{"job form with semicolons", sh("echo hi; sleep 1; exit 0"), ends(time.Second, 0)},
		{"options around the script", []string{"sh", "-e", "-c", "-x", "sleep 2 && exit 3"}, ends(2*time.Second, 3)},
		{"options in one word", []string{"/bin/bash", "-ec", "exit 4", "name"}, ends(0, 4)},
		{"and stops at a failure", sh("false && sleep 9"), ends(0, 1)},
		{"or goes on at a failure", sh("false || sleep 2"), ends(2*time.Second, 0)},
		{"and-or chain", sh("true && false || exit 7"), ends(0, 7)},
		{"negation", sh("! false && sleep 1"), ends(time.Second, 0)},
		{"exit takes the last code", sh("false; exit"), ends(0, 1)},
		{"exit code wraps", sh("exit 257"), ends(0, 1)},
		{"nothing after exit", sh("exit 4; sleep 100"), ends(0, 4)},
		{"quotes", sh(`echo "a; exit 9" 'b && exit 8'; sleep 1`), ends(time.Second, 0)},
		{"comment and newlines", sh("# start\nsleep 1\nexit 5 # end"), ends(time.Second, 5)},
		{"redirections", sh("echo x > /tmp/x 2>&1; sleep 1 >/dev/null; exit 2"), ends(time.Second, 2)},
		{"group", sh("{ sleep 1; false; } || exit 6"), ends(time.Second, 6)},
		{"subshell exit ends only the subshell", sh("(exit 3); sleep 1"), ends(time.Second, 0)},
		{"if", sh("if false; then exit 1; elif true; then sleep 2; exit 9; else exit 2; fi"), ends(2*time.Second, 9)},
		{"endless loop", sh("while true; do sleep 5; done"), forever},
		{"until loop", sh("until true; do sleep 5; done; exit 3"), ends(0, 3)},
		{"loop left by exit", sh("while :; do sleep 2; exit 4; done"), ends(2*time.Second, 4)},
		{"exec", sh("sleep 1; exec sleep 2"), ends(3*time.Second, 0)},
		{"server in a script", sh("sleep 1; nginx -g 'daemon off;'"), outcome{forever: true, serves: true, after: time.Second, endsOnTerm: true}},
		{"background and wait", sh("sleep 3 & sleep 1; wait; exit 2"), ends(3*time.Second, 2)},
		{"trap", sh("trap 'exit 0' TERM; sleep infinity"), outcome{forever: true, endsOnTerm: true}},
		{"trap that ignores", sh("trap '' TERM; sleep infinity"), forever},
		{"assignment", sh("X=1 sleep 1; Y=2; exit 3"), ends(time.Second, 3)},
		{"pipeline", sh("echo a | false"), ends(0, 1)},
		{"missing in a script", sh("/no-such-tool; exit"), ends(0, 127)},
		{"syntax error", sh("sleep 1; )"), ends(time.Second, 2)},
		{"unclosed quote", sh("echo 'a; sleep 1"), ends(0, 0)},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			if got := interpret(test.command, roleMain); got != test.want {
				t.Errorf("%q: got %+v, want %+v", test.command, got, test.want)
			}
		})
	}
	if got := interpret(sh("nginx -s quit; sleep 2"), roleHook); got != ends(2*time.Second, 0) {
		t.Errorf("hook: got %+v", got)
	}
}
