package kubelet

import (
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
)

type containerKind int

const (
	regular containerKind = iota
	initializer
	// sidecar is an init container with restartPolicy Always.
	sidecar
)

type phase int

const (
	// idle: its turn has not come.
	idle phase = iota
	pulling
	pullBackOff
	// starting: the process runs, its postStart hook has not ended.
	starting
	running
	stopping
	// backOff: it ended and waits to be started again.
	backOff
	ended
)

// container is one container's life: a state machine that is advanced to an instant and tells when to look again.
type container struct {
	spec     *v1.Container
	kind     containerKind
	phase    phase
	main     outcome
	process  *process
	restarts int32
	// nextAt is the end of phase pulling, pullBackOff or backOff.
	nextAt       time.Time
	pulled       bool
	pullDelay    time.Duration
	restartDelay time.Duration
	// waitReason shows in phases pullBackOff and backOff.
	waitReason, waitMessage string
	// pullErrorUntil: until then the reason of the failed pull shows, then that of the back-off.
	pullErrorUntil               time.Time
	startedAt                    time.Time
	exit                         *v1.ContainerStateTerminated
	lastExit                     *v1.ContainerStateTerminated
	postStart                    *task
	stop                         *stop
	startup, liveness, readiness *prober
}

// begin lets the container start once its image has had `latency` to arrive.
func (c *container) begin(now time.Time, latency time.Duration) {
	c.phase = pulling
	c.nextAt = now.Add(latency)
}

// advance brings the container to `now`. Zero means that only an event can change it.
func (c *container) advance(l *life, now time.Time) time.Time {
	for {
		before := c.phase
		restarts := c.restarts
		wake := c.step(l, now)
		if c.phase == before && c.restarts == restarts {
			return wake
		}
	}
}

func (c *container) step(l *life, now time.Time) time.Time {
	switch c.phase {
	case pulling:
		if now.Before(c.nextAt) {
			return c.nextAt
		}
		c.pull(l, now)
	case pullBackOff:
		return c.waitForPull(l, now)
	case backOff:
		if now.Before(c.nextAt) {
			return c.nextAt
		}
		c.restart(l, now)
	case starting, running, stopping:
		return c.live(l, now)
	}
	return time.Time{}
}

func (c *container) pull(l *life, now time.Time) {
	fault := c.fault(l)
	if fault == nil {
		c.pulled = true
		c.start(l, now)
		return
	}
	c.pullDelay = nextDelay(c.pullDelay, l.options)
	c.phase = pullBackOff
	c.nextAt = now.Add(c.pullDelay)
	c.pullErrorUntil = now.Add(l.options.BackOff / 10)
	c.waitReason, c.waitMessage = fault.reason, fault.message
}

// fault is why the container cannot be made now.
func (c *container) fault(l *life) *imageFault {
	if l.fault != nil {
		return l.fault
	}
	return faultOf(c.spec.Image, c.spec.ImagePullPolicy)
}

func (c *container) waitForPull(l *life, now time.Time) time.Time {
	if now.Before(c.pullErrorUntil) {
		return c.pullErrorUntil
	}
	if !now.Before(c.nextAt) {
		c.phase = pulling
		return time.Time{}
	}
	if fault := c.fault(l); fault != nil && c.waitReason != fault.backOffReason {
		c.waitReason = fault.backOffReason
		c.waitMessage = fmt.Sprintf("Back-off pulling image %q: %s: %s", c.spec.Image, fault.reason, fault.message)
	}
	return c.nextAt
}

// nextDelay doubles a back-off up to its limit.
func nextDelay(delay time.Duration, options *Options) time.Duration {
	if delay == 0 {
		return options.BackOff
	}
	return min(2*delay, options.BackOffMax)
}

func (c *container) start(l *life, now time.Time) {
	c.startedAt, c.exit, c.stop, c.process, c.postStart = now, nil, nil, nil, nil
	c.startup, c.liveness, c.readiness = nil, nil, nil
	command := append(append([]string{}, c.spec.Command...), c.spec.Args...)
	c.main = interpret(command, roleMain)
	if len(command) == 0 && c.kind == initializer {
		c.main = outcome{} // an init container that never ended would be of no use
	}
	if c.main.serves && crashingImage.MatchString(c.spec.Image) {
		c.main = outcome{code: 1}
	}
	startError := ""
	if c.main.missing {
		startError = fmt.Sprintf("exec: %q: executable file not found in $PATH", command[0])
	}
	if l.real {
		process, err := startProcess(l, c)
		if err != nil {
			startError = err.Error()
		}
		c.process = process
	}
	if startError != "" {
		message := "failed to create containerd task: failed to create shim task: OCI runtime create failed: " + startError
		c.finish(l, now, 128, "StartError", message)
		return
	}
	constant := !l.real && c.main.after == 0
	c.startup = newProber(c.spec.StartupProbe, now, constant)
	c.phase = running
	if hook := c.hook(l, now, true); hook != nil {
		c.postStart = hook
		c.phase = starting
	}
}

// live handles a container whose process runs.
func (c *container) live(l *life, now time.Time) time.Time {
	code, at, wake := c.naturalEnd(now)
	if !at.IsZero() {
		c.finish(l, at, code, "", "")
		return time.Time{}
	}
	switch c.phase {
	case starting:
		done, hookWake := c.postStart.poll(now)
		if done && c.postStart.code == 0 {
			c.phase = running
		} else if done {
			c.beginStop(l, now, l.grace(), "PostStartHookError", fmt.Sprintf("PostStartHook failed: exit code %d", c.postStart.code))
		}
		return earlier(wake, hookWake)
	case running:
		return earlier(wake, c.probe(l, now))
	default:
		return earlier(wake, c.stopStep(l, now))
	}
}

// naturalEnd tells whether the main process ended by itself, and else when it will.
func (c *container) naturalEnd(now time.Time) (code int32, at time.Time, wake time.Time) {
	if c.process != nil {
		if ended, code := c.process.ended(); ended {
			return code, now, time.Time{}
		}
		return 0, time.Time{}, time.Time{}
	}
	if c.main.forever {
		return 0, time.Time{}, time.Time{}
	}
	end := c.startedAt.Add(c.main.after)
	if now.Before(end) {
		return 0, time.Time{}, end
	}
	return c.main.code, end, time.Time{}
}

func (c *container) probe(l *life, now time.Time) time.Time {
	run := func(probe *v1.Probe) *task {
		if l.real {
			return realProbe(l, c, probe)
		}
		if c.main.serves && now.Before(c.startedAt.Add(c.main.after)) {
			return simulatedProbe(now, c.spec, outcome{}, probe)
		}
		return simulatedProbe(now, c.spec, c.main, probe)
	}
	var wake time.Time
	if c.startup != nil && !c.startup.succeeded {
		wake = c.startup.advance(now, run)
		if c.startup.failed {
			c.failProbe(l, now, c.spec.StartupProbe)
		}
		if !c.startup.succeeded {
			return wake
		}
	}
	constant := !l.real && (!c.main.serves || !now.Before(c.startedAt.Add(c.main.after)))
	for _, probe := range []struct {
		prober **prober
		spec   *v1.Probe
	}{{&c.liveness, c.spec.LivenessProbe}, {&c.readiness, c.spec.ReadinessProbe}} {
		if *probe.prober == nil {
			*probe.prober = newProber(probe.spec, c.startedAt, constant)
			if *probe.prober != nil && (*probe.prober).nextAt.Before(now) {
				(*probe.prober).nextAt = now
			}
		}
		if *probe.prober != nil {
			(*probe.prober).constant = constant
			wake = earlier(wake, (*probe.prober).advance(now, run))
		}
	}
	if c.liveness != nil && c.liveness.failed {
		c.failProbe(l, now, c.spec.LivenessProbe)
	}
	return wake
}

func (c *container) failProbe(l *life, now time.Time, probe *v1.Probe) {
	grace := l.grace()
	if probe.TerminationGracePeriodSeconds != nil {
		grace = time.Duration(*probe.TerminationGracePeriodSeconds) * time.Second
	}
	c.beginStop(l, now, grace, "", "")
}

// finish records the end of the process and decides whether it is started again.
func (c *container) finish(l *life, at time.Time, code int32, reason, message string) {
	if reason == "" {
		reason = "Completed"
		if code != 0 {
			reason = "Error"
		}
	}
	if c.process != nil {
		c.process.kill()
	}
	c.exit = &v1.ContainerStateTerminated{
		ExitCode: code, Reason: reason, Message: message,
		StartedAt: wholeSeconds(c.startedAt), FinishedAt: wholeSeconds(at), ContainerID: c.id(l),
	}
	c.phase = ended
	if !c.isRestarted(l, code) {
		return
	}
	if c.restartDelay == 0 || at.Sub(c.startedAt) > 2*l.options.BackOffMax {
		c.restartDelay = 0
		c.nextAt = at
	} else {
		c.nextAt = at.Add(c.restartDelay)
	}
	c.phase = backOff
	c.waitReason = "CrashLoopBackOff"
	c.waitMessage = fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)",
		c.restartDelay, c.spec.Name, l.pod.Name, l.pod.Namespace, l.pod.UID)
}

// isRestarted tells whether the restart policy wants the container back.
func (c *container) isRestarted(l *life, code int32) bool {
	if l.ending != nil {
		return false
	}
	switch {
	case c.kind == sidecar:
		return true
	case l.pod.Spec.RestartPolicy == v1.RestartPolicyNever:
		return false
	case l.pod.Spec.RestartPolicy == v1.RestartPolicyOnFailure || c.kind == initializer:
		return code != 0
	default:
		return true
	}
}

func (c *container) restart(l *life, now time.Time) {
	c.restartDelay = nextDelay(c.restartDelay, l.options)
	c.lastExit = c.exit
	c.restarts++
	c.start(l, now)
}

func (c *container) alive() bool {
	return c.phase == starting || c.phase == running || c.phase == stopping
}

func (c *container) started() bool {
	return (c.phase == running || c.phase == stopping) && (c.startup == nil || c.startup.succeeded)
}

func (c *container) ready() bool {
	if c.kind == initializer {
		return c.phase == ended && c.exit != nil && c.exit.ExitCode == 0
	}
	if !c.started() {
		return false
	}
	return c.spec.ReadinessProbe == nil || (c.readiness != nil && c.readiness.succeeded)
}

func (c *container) id(l *life) string {
	return fmt.Sprintf("simulated://%s/%s/%d", l.pod.UID, c.spec.Name, c.restarts)
}
