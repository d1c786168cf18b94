package kubelet

import (
	"time"

	v1 "k8s.io/api/core/v1"
)

// prober repeats one probe and counts. The first run is initialDelaySeconds after the container's start, then one each
// periodSeconds; the verdict changes after successThreshold or failureThreshold equal results in a row.
type prober struct {
	probe *v1.Probe
	// constant: the result is always the same, so that probing may stop once the verdict follows from it.
	constant  bool
	nextAt    time.Time
	current   *task
	deadline  time.Time
	successes int32
	failures  int32
	succeeded bool
	failed    bool
}

func newProber(probe *v1.Probe, startedAt time.Time, constant bool) *prober {
	if probe == nil {
		return nil
	}
	return &prober{probe: probe, constant: constant, nextAt: startedAt.Add(seconds(probe.InitialDelaySeconds))}
}

// advance runs what is due and tells when to look again.
func (p *prober) advance(now time.Time, run func(*v1.Probe) *task) time.Time {
	for {
		if p.current == nil {
			if p.nextAt.IsZero() || now.Before(p.nextAt) {
				return p.nextAt
			}
			p.current = run(p.probe)
			p.deadline = p.nextAt.Add(seconds(max(p.probe.TimeoutSeconds, 1)))
		}
		done, wake := p.current.poll(now)
		late := !done && !now.Before(p.deadline)
		if !done && !late {
			return earlier(wake, p.deadline)
		}
		p.count(done && p.current.code == 0)
		p.current = nil
		p.nextAt = p.nextAt.Add(seconds(max(p.probe.PeriodSeconds, 1)))
		if p.constant && (p.succeeded || p.failed) {
			p.nextAt = time.Time{}
		}
	}
}

func (p *prober) count(success bool) {
	if success {
		p.successes, p.failures = p.successes+1, 0
		if p.successes >= max(p.probe.SuccessThreshold, 1) {
			p.succeeded, p.failed = true, false
		}
		return
	}
	p.successes, p.failures = 0, p.failures+1
	if p.failures >= max(p.probe.FailureThreshold, 1) {
		p.succeeded, p.failed = false, true
	}
}

func seconds(count int32) time.Duration {
	return time.Duration(count) * time.Second
}

// simulatedProbe tells the constant result of a probe. Commands are interpreted. A network probe needs a container
// that is a server (not a sleep), an image that answers, and a port that exists if it is named.
func simulatedProbe(now time.Time, spec *v1.Container, main outcome, probe *v1.Probe) *task {
	if probe.Exec != nil {
		return simulatedTask(now, interpret(probe.Exec.Command, roleHook))
	}
	result := outcome{}
	if !main.serves || neverReadyImage.MatchString(spec.Image) || !portExists(spec, probe) {
		result.code = 1
	}
	return simulatedTask(now, result)
}

func portExists(spec *v1.Container, probe *v1.Probe) bool {
	_, found := probePort(spec, probe)
	return found
}

// probePort resolves a named port as a kubelet does.
func probePort(spec *v1.Container, probe *v1.Probe) (int32, bool) {
	if probe.GRPC != nil {
		return probe.GRPC.Port, true
	}
	var name string
	switch {
	case probe.HTTPGet != nil:
		if probe.HTTPGet.Port.IntVal > 0 {
			return probe.HTTPGet.Port.IntVal, true
		}
		name = probe.HTTPGet.Port.StrVal
	case probe.TCPSocket != nil:
		if probe.TCPSocket.Port.IntVal > 0 {
			return probe.TCPSocket.Port.IntVal, true
		}
		name = probe.TCPSocket.Port.StrVal
	}
	for _, port := range spec.Ports {
		if port.Name == name && name != "" {
			return port.ContainerPort, true
		}
	}
	return 0, false
}
