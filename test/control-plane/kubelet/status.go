package kubelet

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// wholeSeconds is an instant as the API stores it.
func wholeSeconds(at time.Time) metav1.Time {
	return metav1.NewTime(at.Truncate(time.Second))
}

// status is what the kubelet knows about the pod now. Conditions of others (readiness gates, PodScheduled) are not in it.
func (l *life) status(now time.Time) v1.PodStatus {
	start := wholeSeconds(l.begunAt)
	status := v1.PodStatus{
		Phase: l.podPhase(), StartTime: &start, ObservedGeneration: l.pod.Generation,
		HostIP: l.nodeAddress, HostIPs: []v1.HostIP{{IP: l.nodeAddress}},
		PodIP: l.address, PodIPs: []v1.PodIP{{IP: l.address}},
	}
	if l.ending != nil {
		status.Reason, status.Message = l.ending.reason, l.ending.message
	}
	for _, c := range l.containers {
		if c.kind == regular {
			status.ContainerStatuses = append(status.ContainerStatuses, l.containerStatus(c))
		} else {
			status.InitContainerStatuses = append(status.InitContainerStatuses, l.containerStatus(c))
		}
	}
	status.Conditions = l.conditions(status.Phase, now)
	return status
}

func (l *life) containerStatus(c *container) v1.ContainerStatus {
	started := c.started()
	status := v1.ContainerStatus{
		Name: c.spec.Name, Image: c.spec.Image, Ready: c.ready(), Started: &started, RestartCount: c.restarts,
	}
	if c.pulled {
		status.ImageID = "simulated://" + c.spec.Image
		status.ContainerID = c.id(l)
	}
	if c.lastExit != nil {
		status.LastTerminationState.Terminated = c.lastExit
	}
	switch c.phase {
	case running, stopping:
		status.State.Running = &v1.ContainerStateRunning{StartedAt: wholeSeconds(c.startedAt)}
	case ended:
		status.State.Terminated = c.exit
	case pullBackOff:
		status.State.Waiting = &v1.ContainerStateWaiting{Reason: c.waitReason, Message: c.waitMessage}
	case backOff:
		status.State.Waiting = &v1.ContainerStateWaiting{Reason: c.waitReason, Message: c.waitMessage}
		status.LastTerminationState.Terminated = c.exit
	default:
		status.State.Waiting = &v1.ContainerStateWaiting{Reason: "ContainerCreating"}
		if len(l.pod.Spec.InitContainers) > 0 && c.kind != sidecar && !(c.kind == initializer && c.phase == starting) {
			status.State.Waiting.Reason = "PodInitializing"
		}
		if c.restarts > 0 {
			status.LastTerminationState.Terminated = c.lastExit
		}
	}
	return status
}

// podPhase follows the rules of a kubelet: Pending until every regular container has been started once, then Running,
// and terminal when they have ended for good.
func (l *life) podPhase() v1.PodPhase {
	if l.ending != nil && l.over() {
		if l.ending.phase != "" {
			return l.ending.phase
		}
		for _, c := range l.containers {
			if c.kind == regular && c.exit != nil && c.exit.ExitCode != 0 {
				return v1.PodFailed
			}
		}
		return v1.PodSucceeded
	}
	if !l.initialized() {
		return v1.PodPending
	}
	for _, c := range l.containers {
		if c.kind == regular && !c.pulled {
			return v1.PodPending
		}
		if c.kind == regular && c.phase == starting && c.restarts == 0 {
			return v1.PodPending
		}
	}
	return v1.PodRunning
}

func (l *life) conditions(phase v1.PodPhase, now time.Time) []v1.PodCondition {
	terminal := phase == v1.PodSucceeded || phase == v1.PodFailed
	conditions := []v1.PodCondition{
		{Type: v1.PodReadyToStartContainers, Status: boolStatus(!terminal)},
		l.initializedCondition(phase),
	}
	ready := l.containersReady(phase)
	conditions = append(conditions, ready, l.readyCondition(ready))
	if l.ending != nil && l.ending.reason == "Evicted" {
		conditions = append(conditions, v1.PodCondition{
			Type: v1.DisruptionTarget, Status: v1.ConditionTrue, Reason: v1.PodReasonTerminationByKubelet, Message: l.ending.message,
		})
	}
	for i := range conditions {
		conditions[i].ObservedGeneration = l.pod.Generation
		if last := l.transitions[conditions[i].Type]; last.status != conditions[i].Status {
			l.transitions[conditions[i].Type] = transition{status: conditions[i].Status, at: wholeSeconds(now)}
		}
		conditions[i].LastTransitionTime = l.transitions[conditions[i].Type].at
	}
	return conditions
}

func (l *life) initializedCondition(phase v1.PodPhase) v1.PodCondition {
	condition := v1.PodCondition{Type: v1.PodInitialized, Status: v1.ConditionTrue}
	if phase == v1.PodSucceeded {
		condition.Reason = "PodCompleted"
		return condition
	}
	var incomplete []string
	for _, c := range l.containers {
		if (c.kind == initializer && !c.ready()) || (c.kind == sidecar && !c.started() && l.ending == nil) {
			incomplete = append(incomplete, c.spec.Name)
		}
	}
	if len(incomplete) > 0 {
		condition.Status, condition.Reason = v1.ConditionFalse, "ContainersNotInitialized"
		condition.Message = fmt.Sprintf("containers with incomplete status: [%s]", strings.Join(incomplete, " "))
	}
	return condition
}

func (l *life) containersReady(phase v1.PodPhase) v1.PodCondition {
	condition := v1.PodCondition{Type: v1.ContainersReady, Status: v1.ConditionTrue}
	switch phase {
	case v1.PodSucceeded:
		condition.Status, condition.Reason = v1.ConditionFalse, "PodCompleted"
		return condition
	case v1.PodFailed:
		condition.Status, condition.Reason = v1.ConditionFalse, "PodFailed"
		return condition
	}
	var unready []string
	for _, c := range l.containers {
		if c.kind != initializer && !c.ready() {
			unready = append(unready, c.spec.Name)
		}
	}
	if len(unready) > 0 {
		condition.Status, condition.Reason = v1.ConditionFalse, "ContainersNotReady"
		condition.Message = fmt.Sprintf("containers with unready status: [%s]", strings.Join(unready, " "))
	}
	return condition
}

// readyCondition adds the readiness gates, which others fill in.
func (l *life) readyCondition(containers v1.PodCondition) v1.PodCondition {
	ready := containers
	ready.Type = v1.PodReady
	if containers.Status != v1.ConditionTrue {
		return ready
	}
	var missing []string
	for _, gate := range l.pod.Spec.ReadinessGates {
		found := false
		for _, condition := range l.pod.Status.Conditions {
			if condition.Type != gate.ConditionType {
				continue
			}
			found = true
			if condition.Status != v1.ConditionTrue {
				missing = append(missing, fmt.Sprintf("the status of pod readiness gate %q is not \"True\", but %s",
					gate.ConditionType, condition.Status))
			}
		}
		if !found {
			missing = append(missing, fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist.",
				gate.ConditionType))
		}
	}
	if len(missing) > 0 {
		ready.Status, ready.Reason = v1.ConditionFalse, "ReadinessGatesNotReady"
		ready.Message = strings.Join(missing, ", ")
	}
	return ready
}

func boolStatus(value bool) v1.ConditionStatus {
	if value {
		return v1.ConditionTrue
	}
	return v1.ConditionFalse
}

// patchOf is a strategic merge patch of the status. A condition is merged by type, so its reason and message are
// written even when they are empty; the uid makes it miss a pod of the same name that came later.
func patchOf(uid string, status *v1.PodStatus) ([]byte, error) {
	type condition struct {
		Type               v1.PodConditionType `json:"type"`
		Status             v1.ConditionStatus  `json:"status"`
		Reason             *string             `json:"reason"`
		Message            *string             `json:"message"`
		LastTransitionTime metav1.Time         `json:"lastTransitionTime"`
		ObservedGeneration int64               `json:"observedGeneration,omitempty"`
	}
	type patchedStatus struct {
		v1.PodStatus `json:",inline"`
		Conditions   []condition `json:"conditions"`
	}
	patch := struct {
		Metadata map[string]string `json:"metadata"`
		Status   patchedStatus     `json:"status"`
	}{Metadata: map[string]string{"uid": uid}, Status: patchedStatus{PodStatus: *status}}
	patch.Status.PodStatus.Conditions = nil
	optional := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	for _, c := range status.Conditions {
		patch.Status.Conditions = append(patch.Status.Conditions, condition{
			Type: c.Type, Status: c.Status, Reason: optional(c.Reason), Message: optional(c.Message),
			LastTransitionTime: c.LastTransitionTime, ObservedGeneration: c.ObservedGeneration,
		})
	}
	return json.Marshal(patch)
}
