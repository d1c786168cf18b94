package kubelet

import (
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotations by which a test steers what the specification of a pod or node cannot say.
const (
	// annotationStartLatency on a pod: a Go duration that replaces --start-latency.
	annotationStartLatency = "simulation.sluice.dev/start-latency"
	// annotationProcess on a pod: "real" runs its containers' commands as child processes.
	annotationProcess = "simulation.sluice.dev/process"
	// annotationEvict on a pod: its text becomes the message of an eviction by the kubelet (node pressure).
	annotationEvict = "simulation.sluice.dev/evict"
	// annotationLost on a node: "true" silences it.
	annotationLost = "simulation.sluice.dev/lost"
)

// life is one pod on one of our nodes, from its binding to its end.
type life struct {
	options *Options
	pod     *v1.Pod
	address string
	// nodeAddress is the address of the node it runs on.
	nodeAddress string
	real        bool
	// wake makes the pod be looked at again at once: something real has ended.
	wake       func()
	begunAt    time.Time
	latency    time.Duration
	containers []*container
	// fault is why nothing of this pod can be started: an annotation that makes no sense.
	fault  *imageFault
	ending *ending
	// transitions keeps since when each condition has its status.
	transitions map[v1.PodConditionType]transition
	// written is the status as last sent, and the resourceVersion it got.
	written        []byte
	writtenVersion uint64
}

type transition struct {
	status v1.ConditionStatus
	at     metav1.Time
}

// ending is why all containers of a pod are to end.
type ending struct {
	begunAt time.Time
	// killAt is the end of the grace period.
	killAt time.Time
	// phase, reason and message are set when the kubelet itself ends the pod; else they follow from the containers.
	phase           v1.PodPhase
	reason, message string
	// completed: the regular containers ended by themselves and only sidecars are left.
	completed bool
}

func newLife(options *Options, pod *v1.Pod, now time.Time) *life {
	l := &life{options: options, pod: pod, begunAt: now, latency: options.StartLatency,
		transitions: map[v1.PodConditionType]transition{}}
	if text := pod.Annotations[annotationStartLatency]; text != "" {
		latency, err := time.ParseDuration(text)
		if err != nil || latency < 0 {
			l.refuse("annotation %s=%q is not a duration such as 2s", annotationStartLatency, text)
		}
		l.latency = max(latency, 0)
	}
	switch process := pod.Annotations[annotationProcess]; process {
	case "", "simulated":
	case "real":
		l.real = true
	default:
		l.refuse("annotation %s=%q is neither real nor simulated", annotationProcess, process)
	}
	for i := range pod.Spec.InitContainers {
		kind := initializer
		if policy := pod.Spec.InitContainers[i].RestartPolicy; policy != nil && *policy == v1.ContainerRestartPolicyAlways {
			kind = sidecar
		}
		l.containers = append(l.containers, &container{spec: &pod.Spec.InitContainers[i], kind: kind})
	}
	for i := range pod.Spec.Containers {
		l.containers = append(l.containers, &container{spec: &pod.Spec.Containers[i], kind: regular})
	}
	if pod.Status.StartTime != nil {
		l.adopt(now)
	}
	return l
}

// refuse keeps the containers from starting, with a reason that shows in their status.
func (l *life) refuse(format string, arguments ...any) {
	reason := "CreateContainerConfigError"
	l.fault = &imageFault{reason: reason, backOffReason: reason, message: fmt.Sprintf(format, arguments...)}
}

// adopt takes over a pod that an earlier kubelet process played: what runs goes on, what has ended stays ended.
func (l *life) adopt(now time.Time) {
	l.begunAt = l.pod.Status.StartTime.Time
	for _, condition := range l.pod.Status.Conditions {
		l.transitions[condition.Type] = transition{status: condition.Status, at: condition.LastTransitionTime}
	}
	statuses := append(append([]v1.ContainerStatus{}, l.pod.Status.InitContainerStatuses...), l.pod.Status.ContainerStatuses...)
	for _, c := range l.containers {
		for i := range statuses {
			if statuses[i].Name == c.spec.Name {
				c.adopt(l, &statuses[i], now)
			}
		}
	}
}

func (c *container) adopt(l *life, status *v1.ContainerStatus, now time.Time) {
	c.restarts = status.RestartCount
	c.pulled = status.ImageID != ""
	c.lastExit = status.LastTerminationState.Terminated
	if c.restarts > 0 {
		c.restartDelay = l.options.BackOff
	}
	switch {
	// A container that waited begins anew: its wait starts over.
	case status.State.Running != nil && !l.real:
		c.start(l, status.State.Running.StartedAt.Time)
		c.postStart = nil
		if c.phase == starting {
			c.phase = running
		}
	case status.State.Running != nil:
		c.startedAt = status.State.Running.StartedAt.Time
		c.finish(l, now, 137, "Error", "the process ended together with the kubelet")
	case status.State.Terminated != nil:
		c.exit = status.State.Terminated
		c.phase = ended
	}
}

func (l *life) grace() time.Duration {
	if l.pod.Spec.TerminationGracePeriodSeconds == nil {
		return 30 * time.Second
	}
	return time.Duration(*l.pod.Spec.TerminationGracePeriodSeconds) * time.Second
}

// advance brings the pod to `now` and tells when to look again; zero means at the next event only.
func (l *life) advance(now time.Time) time.Time {
	wake := l.findEnding(now)
	if l.ending == nil {
		wake = earlier(wake, l.run(now))
		l.findCompletion(now)
	}
	if l.ending != nil {
		wake = earlier(wake, l.end(now))
	}
	return wake
}

// run starts what is due, init containers one after the other, and advances all.
func (l *life) run(now time.Time) time.Time {
	var wake time.Time
	for _, c := range l.containers {
		if c.phase == idle {
			latency := l.latency - now.Sub(l.begunAt)
			c.begin(now, max(latency, 0))
		}
		wake = earlier(wake, c.advance(l, now))
		blocked := (c.kind == initializer && !c.ready()) || (c.kind == sidecar && !c.started())
		if blocked {
			break
		}
	}
	return wake
}

func (l *life) initialized() bool {
	for _, c := range l.containers {
		if (c.kind == initializer && !c.ready()) || (c.kind == sidecar && !c.started() && l.ending == nil) {
			return false
		}
	}
	return true
}

// findEnding looks for a reason to end the pod: deletion, its own deadline, an eviction by the kubelet.
func (l *life) findEnding(now time.Time) time.Time {
	if l.pod.DeletionTimestamp != nil {
		grace := time.Duration(0)
		if l.pod.DeletionGracePeriodSeconds != nil {
			grace = time.Duration(*l.pod.DeletionGracePeriodSeconds) * time.Second
		}
		if l.ending == nil {
			l.ending = &ending{begunAt: now, killAt: now.Add(grace)}
		}
		if killAt := l.ending.begunAt.Add(grace); killAt.Before(l.ending.killAt) {
			l.ending.killAt = killAt
		}
		return time.Time{}
	}
	if l.ending != nil {
		return time.Time{}
	}
	if message, evicted := l.pod.Annotations[annotationEvict]; evicted {
		l.endBySelf(now, "Evicted", message)
		return time.Time{}
	}
	if l.pod.Spec.ActiveDeadlineSeconds == nil {
		return time.Time{}
	}
	deadline := l.begunAt.Add(time.Duration(*l.pod.Spec.ActiveDeadlineSeconds) * time.Second)
	if now.Before(deadline) {
		return deadline
	}
	l.endBySelf(now, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
	return time.Time{}
}

func (l *life) endBySelf(now time.Time, reason, message string) {
	l.ending = &ending{begunAt: now, killAt: now.Add(l.grace()), phase: v1.PodFailed, reason: reason, message: message}
}

// findCompletion ends a pod whose regular containers have all ended for good, or whose init container failed for good.
func (l *life) findCompletion(now time.Time) {
	complete := true
	for _, c := range l.containers {
		if c.kind == initializer && c.phase == ended && c.exit.ExitCode != 0 {
			l.ending = &ending{begunAt: now, killAt: now.Add(l.grace()), phase: v1.PodFailed}
			return
		}
		if c.kind == regular && c.phase != ended {
			complete = false
		}
	}
	if complete {
		l.ending = &ending{begunAt: now, killAt: now.Add(l.grace()), completed: true}
	}
}

// end stops the containers, sidecars after the others.
func (l *life) end(now time.Time) time.Time {
	var wake time.Time
	regularAlive := false
	for _, c := range l.containers {
		if c.kind == sidecar {
			continue
		}
		wake = earlier(wake, l.endContainer(c, now))
		regularAlive = regularAlive || c.alive()
	}
	for i := len(l.containers) - 1; i >= 0 && !regularAlive; i-- {
		if c := l.containers[i]; c.kind == sidecar {
			wake = earlier(wake, l.endContainer(c, now))
			regularAlive = c.alive()
		}
	}
	return wake
}

func (l *life) endContainer(c *container, now time.Time) time.Time {
	switch {
	case c.phase == ended:
	case c.phase == starting || c.phase == running:
		c.beginStop(l, now, max(l.ending.killAt.Sub(now), 0), "", "")
	case c.phase == stopping:
		c.hasten(l.ending.killAt)
	case l.ending.phase == v1.PodFailed && l.ending.reason == "":
		// An init container failed: the others never started and keep waiting.
		return time.Time{}
	default:
		c.cancel(l, now)
	}
	return c.advance(l, now)
}

// over tells that no container of an ending pod lives any more.
func (l *life) over() bool {
	if l.ending == nil {
		return false
	}
	for _, c := range l.containers {
		if c.alive() {
			return false
		}
	}
	return true
}

// destroy ends real processes at once: the pod is gone from the API.
func (l *life) destroy() {
	for _, c := range l.containers {
		if c.process != nil {
			c.process.kill()
		}
	}
}
