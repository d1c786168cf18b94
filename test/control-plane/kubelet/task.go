package kubelet

import "time"

// task is something with an end, a hook or one run of a probe: either on the clock (simulated) or in the world (real).
type task struct {
	endsAt  time.Time
	forever bool
	code    int32
	// result delivers the exit code of real work; it is buffered, so that nobody has to listen.
	result chan int32
}

// simulatedTask runs an outcome from `now` on.
func simulatedTask(now time.Time, result outcome) *task {
	return &task{endsAt: now.Add(result.after), forever: result.forever, code: result.code}
}

// poll tells whether the task has ended, and when to look again (zero: its end wakes the pod by itself, or never).
func (t *task) poll(now time.Time) (done bool, wake time.Time) {
	if t.result != nil {
		select {
		case t.code = <-t.result:
			return true, time.Time{}
		default:
			return false, time.Time{}
		}
	}
	if t.forever {
		return false, time.Time{}
	}
	if now.Before(t.endsAt) {
		return false, t.endsAt
	}
	return true, time.Time{}
}

// earlier is the first of two instants, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
