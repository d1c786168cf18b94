package kubelet

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

// termGraceMin is what a container gets after SIGTERM even when its preStop hook used up the grace period.
const termGraceMin = 2 * time.Second

// stop is the way a container is ended from outside: preStop, SIGTERM, SIGKILL.
type stop struct {
	killAt  time.Time
	preStop *task
	// termAt is when SIGTERM was sent; zero before.
	termAt time.Time
	// reason replaces the reason of the exit when it is not empty.
	reason, message string
}

// hook starts the postStart or preStop hook; nil when there is none.
func (c *container) hook(l *life, now time.Time, post bool) *task {
	if c.spec.Lifecycle == nil {
		return nil
	}
	handler := c.spec.Lifecycle.PreStop
	if post {
		handler = c.spec.Lifecycle.PostStart
	}
	switch {
	case handler == nil:
		return nil
	case handler.Sleep != nil:
		return simulatedTask(now, outcome{after: time.Duration(handler.Sleep.Seconds) * time.Second})
	case handler.Exec != nil && l.real:
		return runCommand(l, c, handler.Exec.Command, hookTimeout)
	case handler.Exec != nil:
		return simulatedTask(now, interpret(handler.Exec.Command, roleHook))
	default:
		return simulatedTask(now, outcome{})
	}
}

// beginStop ends a live container from outside.
func (c *container) beginStop(l *life, now time.Time, grace time.Duration, reason, message string) {
	c.phase = stopping
	c.stop = &stop{killAt: now.Add(grace), reason: reason, message: message}
	if grace > 0 && reason == "" {
		c.stop.preStop = c.hook(l, now, false)
	}
}

// hasten brings the kill forward when a shorter grace period was asked for.
func (c *container) hasten(killAt time.Time) {
	if c.stop != nil && killAt.Before(c.stop.killAt) {
		c.stop.killAt = killAt
	}
}

func (c *container) stopStep(l *life, now time.Time) time.Time {
	if c.stop.termAt.IsZero() {
		if c.stop.preStop != nil {
			done, wake := c.stop.preStop.poll(now)
			if !done && now.Before(c.stop.killAt) {
				return earlier(wake, c.stop.killAt)
			}
			// A hook that used up the grace period still leaves a little time for the process itself.
			c.stop.killAt = later(c.stop.killAt, now.Add(termGraceMin))
		}
		c.stop.termAt = now
		if c.process != nil {
			c.process.signalTerm()
		}
	}
	if c.process == nil && c.main.endsOnTerm {
		code := int32(0)
		if !c.main.serves {
			code = c.main.code
		}
		c.finish(l, now, code, c.stop.reason, c.stop.message)
		return time.Time{}
	}
	if now.Before(c.stop.killAt) {
		return c.stop.killAt
	}
	if c.process != nil {
		c.process.kill() // its end is reported like any other
		return time.Time{}
	}
	c.finish(l, now, 137, c.stop.reason, c.stop.message)
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// cancel ends a container that has no process now.
func (c *container) cancel(l *life, now time.Time) {
	if c.exit == nil {
		c.exit = &v1.ContainerStateTerminated{
			ExitCode: 137, Reason: "ContainerStatusUnknown",
			Message:   "The container could not be located when the pod was terminated",
			StartedAt: wholeSeconds(now), FinishedAt: wholeSeconds(now),
		}
	}
	c.phase = ended
}
