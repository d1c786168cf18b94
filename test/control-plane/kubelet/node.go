package kubelet

import (
	"context"
	"fmt"
	"log"
	"time"

	coordination "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	leaseNamespace       = "kube-node-lease"
	registerRetry        = 100 * time.Millisecond
	nodeVersion          = "simulated"
	taintNotReady        = "node.kubernetes.io/not-ready"
	labelZone            = "topology.kubernetes.io/zone"
	labelHost            = "kubernetes.io/hostname"
	leaseDurationSeconds = 40
)

func (k *Kubelet) nodeName(index int) string {
	return fmt.Sprintf("node-%d", index)
}

// registerNodes creates the nodes that are missing. The API server may still be making its own namespaces, so each
// step is tried until it works or the context ends.
func (k *Kubelet) registerNodes(ctx context.Context) error {
	for index := 1; index <= k.options.Nodes; index++ {
		for {
			err := k.registerNode(ctx, index)
			if err == nil {
				break
			}
			log.Printf("register %s: %v", k.nodeName(index), err)
			if err := pause(ctx, registerRetry); err != nil {
				return err
			}
		}
	}
	return nil
}

func pause(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (k *Kubelet) registerNode(ctx context.Context, index int) error {
	name := k.nodeName(index)
	node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		labelHost: name, labelZone: fmt.Sprintf("zone-%d", (index-1)%3+1),
		"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
	}}}
	created, err := k.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		created, err = k.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	if err := k.renewLease(ctx, created); err != nil {
		return err
	}
	created.Status = k.nodeStatus(created, k.addresses.node(index))
	created, err = k.client.CoreV1().Nodes().UpdateStatus(ctx, created, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	// Admission gives every new node this taint; nobody has to wait until a controller notices that it is ready.
	var taints []v1.Taint
	for _, taint := range created.Spec.Taints {
		if taint.Key != taintNotReady {
			taints = append(taints, taint)
		}
	}
	if len(taints) == len(created.Spec.Taints) {
		return nil
	}
	created.Spec.Taints = taints
	_, err = k.client.CoreV1().Nodes().Update(ctx, created, metav1.UpdateOptions{})
	return err
}

func (k *Kubelet) nodeStatus(node *v1.Node, address string) v1.NodeStatus {
	resources := v1.ResourceList{
		v1.ResourceCPU: resource.MustParse("64"), v1.ResourceMemory: resource.MustParse("256Gi"),
		v1.ResourceEphemeralStorage: resource.MustParse("1Ti"),
		v1.ResourcePods:             *resource.NewQuantity(k.options.PodsPerNode, resource.DecimalSI),
	}
	now := metav1.Now()
	condition := func(kind v1.NodeConditionType, status v1.ConditionStatus, reason string) v1.NodeCondition {
		since := now
		for _, before := range node.Status.Conditions {
			if before.Type == kind && before.Status == status {
				since = before.LastTransitionTime
			}
		}
		return v1.NodeCondition{Type: kind, Status: status, Reason: reason, LastHeartbeatTime: now, LastTransitionTime: since}
	}
	return v1.NodeStatus{
		Capacity: resources, Allocatable: resources,
		Addresses: []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: address}, {Type: v1.NodeHostName, Address: node.Name}},
		NodeInfo: v1.NodeSystemInfo{
			KubeletVersion: nodeVersion, ContainerRuntimeVersion: "simulated://1", OperatingSystem: "linux", Architecture: "amd64",
			OSImage: nodeVersion, KernelVersion: nodeVersion, MachineID: node.Name, SystemUUID: node.Name, BootID: node.Name,
		},
		Conditions: []v1.NodeCondition{
			condition(v1.NodeMemoryPressure, v1.ConditionFalse, "KubeletHasSufficientMemory"),
			condition(v1.NodeDiskPressure, v1.ConditionFalse, "KubeletHasNoDiskPressure"),
			condition(v1.NodePIDPressure, v1.ConditionFalse, "KubeletHasSufficientPID"),
			condition(v1.NodeReady, v1.ConditionTrue, "KubeletReady"),
		},
	}
}

// beat renews the leases of the nodes that are not lost, until the context ends.
func (k *Kubelet) beat(ctx context.Context) {
	for {
		for index := 1; index <= k.options.Nodes; index++ {
			node := k.node(k.nodeName(index))
			if node == nil || isLost(node) {
				continue
			}
			if err := k.renewLease(ctx, node); err != nil && ctx.Err() == nil {
				log.Printf("lease of %s: %v", node.Name, err)
			}
			if !isReady(node) {
				k.recoverNode(ctx, node, k.addresses.node(index))
			}
		}
		if pause(ctx, k.options.LeaseInterval) != nil {
			return
		}
	}
}

// recoverNode reports a node ready again that the node controller had given up.
func (k *Kubelet) recoverNode(ctx context.Context, node *v1.Node, address string) {
	fresh := node.DeepCopy()
	fresh.Status = k.nodeStatus(fresh, address)
	if _, err := k.client.CoreV1().Nodes().UpdateStatus(ctx, fresh, metav1.UpdateOptions{}); err != nil && !errors.IsConflict(err) {
		log.Printf("status of %s: %v", node.Name, err)
	}
}

func (k *Kubelet) renewLease(ctx context.Context, node *v1.Node) error {
	leases := k.client.CoordinationV1().Leases(leaseNamespace)
	now := metav1.NowMicro()
	duration := int32(leaseDurationSeconds)
	patch := fmt.Appendf(nil, `{"spec":{"renewTime":%q}}`, now.UTC().Format("2006-01-02T15:04:05.000000Z"))
	_, err := leases.Patch(ctx, node.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if !errors.IsNotFound(err) {
		return err
	}
	_, err = leases.Create(ctx, &coordination.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name: node.Name,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID,
			}},
		},
		Spec: coordination.LeaseSpec{HolderIdentity: &node.Name, LeaseDurationSeconds: &duration, RenewTime: &now},
	}, metav1.CreateOptions{})
	return err
}

func isLost(node *v1.Node) bool {
	return node.Annotations[annotationLost] == "true"
}

func isReady(node *v1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == v1.NodeReady {
			return condition.Status == v1.ConditionTrue
		}
	}
	return false
}
