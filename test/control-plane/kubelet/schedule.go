package kubelet

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

const unschedulableRetry = time.Second

// ledger knows what each node has given away.
type ledger struct {
	mutex sync.Mutex
	pods  map[types.UID]booking
	nodes map[string]*usage
}

type booking struct {
	node string
	usage
}

type usage struct{ pods, cpuMilli, memoryBytes int64 }

func newLedger() *ledger {
	return &ledger{pods: map[types.UID]booking{}, nodes: map[string]*usage{}}
}

func requestsOf(pod *v1.Pod) usage {
	total := usage{pods: 1}
	for i := range pod.Spec.Containers {
		requests := pod.Spec.Containers[i].Resources.Requests
		total.cpuMilli += requests.Cpu().MilliValue()
		total.memoryBytes += requests.Memory().Value()
	}
	return total
}

func (b *ledger) on(node string) *usage {
	if b.nodes[node] == nil {
		b.nodes[node] = &usage{}
	}
	return b.nodes[node]
}

// book notes that a pod is on a node; booking it again changes nothing.
func (b *ledger) book(pod *v1.Pod, node string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.bookLocked(pod, node)
}

func (b *ledger) bookLocked(pod *v1.Pod, node string) {
	if _, found := b.pods[pod.UID]; found {
		return
	}
	needs := requestsOf(pod)
	b.pods[pod.UID] = booking{node: node, usage: needs}
	on := b.on(node)
	on.pods, on.cpuMilli, on.memoryBytes = on.pods+needs.pods, on.cpuMilli+needs.cpuMilli, on.memoryBytes+needs.memoryBytes
}

func (b *ledger) release(uid types.UID) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	booked, found := b.pods[uid]
	if !found {
		return
	}
	delete(b.pods, uid)
	on := b.on(booked.node)
	on.pods, on.cpuMilli, on.memoryBytes = on.pods-booked.pods, on.cpuMilli-booked.cpuMilli, on.memoryBytes-booked.memoryBytes
}

// schedule binds a pod to the fitting node with the fewest pods, or says why none fits. It returns when to try again
// (zero: at the next event).
func (k *Kubelet) schedule(ctx context.Context, pod *v1.Pod) (time.Time, error) {
	if pod.DeletionTimestamp != nil || len(pod.Spec.SchedulingGates) > 0 || pod.Spec.SchedulerName != v1.DefaultSchedulerName {
		return time.Time{}, nil
	}
	node, reasons := k.choose(pod)
	if node == "" {
		return time.Now().Add(unschedulableRetry), k.reportUnschedulable(ctx, pod, reasons)
	}
	binding := &v1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     v1.ObjectReference{Kind: "Node", Name: node},
	}
	err := k.client.CoreV1().Pods(pod.Namespace).Bind(ctx, binding, metav1.CreateOptions{})
	if err == nil {
		return time.Time{}, nil
	}
	k.ledger.release(pod.UID)
	if errors.IsConflict(err) || errors.IsNotFound(err) {
		return time.Time{}, nil // bound already or gone: the watch will tell
	}
	return time.Time{}, err
}

func (k *Kubelet) choose(pod *v1.Pod) (string, []string) {
	k.ledger.mutex.Lock()
	defer k.ledger.mutex.Unlock()
	needs := requestsOf(pod)
	best := ""
	counts := map[string]int{}
	for index := 1; index <= k.options.Nodes; index++ {
		node := k.node(k.nodeName(index))
		if node == nil {
			continue
		}
		on := k.ledger.on(node.Name)
		if reason := misfit(pod, node, needs, on); reason != "" {
			counts[reason]++
		} else if best == "" || on.pods < k.ledger.on(best).pods {
			best = node.Name
		}
	}
	if best != "" {
		k.ledger.bookLocked(pod, best)
		return best, nil
	}
	var reasons []string
	for reason, count := range counts {
		reasons = append(reasons, fmt.Sprintf("%d %s", count, reason))
	}
	sort.Strings(reasons)
	return "", reasons
}

// misfit is why a pod cannot go to a node, in a scheduler's words; empty when it can.
func misfit(pod *v1.Pod, node *v1.Node, needs usage, on *usage) string {
	if match, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node); err != nil || !match {
		return "node(s) didn't match Pod's node affinity/selector"
	}
	if node.Spec.Unschedulable && !tolerates(pod, &v1.Taint{Key: v1.TaintNodeUnschedulable, Effect: v1.TaintEffectNoSchedule}) {
		return "node(s) were unschedulable"
	}
	for i := range node.Spec.Taints {
		taint := &node.Spec.Taints[i]
		if taint.Effect != v1.TaintEffectPreferNoSchedule && !tolerates(pod, taint) {
			return fmt.Sprintf("node(s) had untolerated taint {%s: %s}", taint.Key, taint.Value)
		}
	}
	allocatable := node.Status.Allocatable
	switch {
	case on.pods+1 > allocatable.Pods().Value():
		return "Too many pods"
	case needs.cpuMilli > 0 && on.cpuMilli+needs.cpuMilli > allocatable.Cpu().MilliValue():
		return "Insufficient cpu"
	case needs.memoryBytes > 0 && on.memoryBytes+needs.memoryBytes > allocatable.Memory().Value():
		return "Insufficient memory"
	case !isReady(node):
		return "node(s) were not ready"
	}
	return ""
}

func tolerates(pod *v1.Pod, taint *v1.Taint) bool {
	for i := range pod.Spec.Tolerations {
		if pod.Spec.Tolerations[i].ToleratesTaint(taint) {
			return true
		}
	}
	return false
}

func (k *Kubelet) reportUnschedulable(ctx context.Context, pod *v1.Pod, reasons []string) error {
	message := fmt.Sprintf("0/%d nodes are available: %s.", k.options.Nodes, strings.Join(reasons, ", "))
	for _, condition := range pod.Status.Conditions {
		if condition.Type == v1.PodScheduled && condition.Status == v1.ConditionFalse && condition.Message == message {
			return nil
		}
	}
	patch := fmt.Appendf(nil, `{"metadata":{"uid":%q},"status":{"conditions":[{"type":"PodScheduled","status":"False",`+
		`"reason":"Unschedulable","message":%q,"lastTransitionTime":%q}]}}`,
		pod.UID, message, time.Now().UTC().Format(time.RFC3339))
	_, err := k.client.CoreV1().Pods(pod.Namespace).
		Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	return ignoreGone(err)
}
