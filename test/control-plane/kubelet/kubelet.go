// Package kubelet plays the nodes of a cluster: it binds pods and reports the life that their specification describes,
// without running containers. See README.md for what it reads in a specification.
package kubelet

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/workqueue"
)

// callTimeout bounds one request; what did not work is tried again.
const callTimeout = 30 * time.Second

// Kubelet plays all nodes of one cluster.
type Kubelet struct {
	options   *Options
	client    kubernetes.Interface
	addresses *addresses
	pods      cache.SharedIndexInformer
	nodes     cache.SharedIndexInformer
	queue     workqueue.TypedRateLimitingInterface[string]
	ledger    *ledger
	mutex     sync.Mutex
	lives     map[string]*life
}

// Main runs the simulated kubelet until SIGTERM or SIGINT and returns the exit status.
func Main(arguments []string) int {
	options, err := parseOptions(arguments, os.Stderr)
	if err == flag.ErrHelp {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, &options); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func run(ctx context.Context, options *Options) error {
	config, err := clientcmd.BuildConfigFromFlags("", options.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1 // the API server's own fairness is the only limit
	config.UserAgent = "simulated-kubelet"
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	addresses, err := claimAddresses(options.Directory)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	k := &Kubelet{
		options: options, client: client, addresses: addresses, ledger: newLedger(), lives: map[string]*life{},
		pods: factory.Core().V1().Pods().Informer(), nodes: factory.Core().V1().Nodes().Informer(),
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](50*time.Millisecond, 5*time.Second)),
	}
	return k.run(ctx, factory)
}

func (k *Kubelet) run(ctx context.Context, factory informers.SharedInformerFactory) error {
	if err := k.watch(); err != nil {
		return err
	}
	if err := k.registerNodes(ctx); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), k.pods.HasSynced, k.nodes.HasSynced) {
		return ctx.Err()
	}
	var workers sync.WaitGroup
	workers.Add(1 + k.options.Workers)
	go func() {
		defer workers.Done()
		k.beat(ctx)
	}()
	for range k.options.Workers {
		go func() {
			defer workers.Done()
			k.work(ctx)
		}()
	}
	log.Printf("%d nodes are ready", k.options.Nodes)
	<-ctx.Done()
	k.queue.ShutDown()
	workers.Wait()
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for _, l := range k.lives {
		l.destroy()
	}
	return nil
}

func (k *Kubelet) watch() error {
	enqueue := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			k.queue.Add(key)
		}
	}
	everything := func(any) {
		for _, key := range k.pods.GetStore().ListKeys() {
			k.queue.Add(key)
		}
	}
	slim := func(object any) (any, error) {
		if pod, ok := object.(*v1.Pod); ok {
			pod.ManagedFields = nil
		}
		return object, nil
	}
	if err := k.pods.SetTransform(slim); err != nil {
		return err
	}
	_, err := k.pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, object any) { enqueue(object) }, DeleteFunc: enqueue,
	})
	if err != nil {
		return err
	}
	_, err = k.nodes.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: everything,
		UpdateFunc: func(before, object any) {
			// A heartbeat is no reason to look at every pod.
			old, node := before.(*v1.Node), object.(*v1.Node)
			if isLost(old) != isLost(node) || isReady(old) != isReady(node) {
				everything(object)
			}
		},
		DeleteFunc: everything,
	})
	return err
}

func (k *Kubelet) node(name string) *v1.Node {
	object, exists, err := k.nodes.GetStore().GetByKey(name)
	if err != nil || !exists {
		return nil
	}
	return object.(*v1.Node)
}

func (k *Kubelet) work(ctx context.Context) {
	for {
		key, shutdown := k.queue.Get()
		if shutdown {
			return
		}
		call, cancel := context.WithTimeout(ctx, callTimeout)
		wake, err := k.handle(call, key)
		cancel()
		if err != nil && ctx.Err() == nil {
			log.Printf("%s: %v", key, err)
			k.queue.AddRateLimited(key)
		} else {
			k.queue.Forget(key)
			if !wake.IsZero() {
				k.queue.AddAfter(key, max(time.Until(wake), time.Millisecond))
			}
		}
		k.queue.Done(key)
	}
}

// handle brings one pod up to date and returns when to look again.
func (k *Kubelet) handle(ctx context.Context, key string) (time.Time, error) {
	object, exists, err := k.pods.GetStore().GetByKey(key)
	if err != nil {
		return time.Time{}, err
	}
	l := k.life(key)
	if l != nil && (!exists || object.(*v1.Pod).UID != l.pod.UID) {
		k.forget(key, l)
		l = nil
	}
	if !exists {
		return time.Time{}, nil
	}
	pod := object.(*v1.Pod)
	if pod.Spec.NodeName == "" {
		return k.schedule(ctx, pod)
	}
	node := k.node(pod.Spec.NodeName)
	if node == nil || isLost(node) {
		return time.Time{}, nil
	}
	terminal := pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed
	if l == nil && terminal {
		return time.Time{}, k.deleteFinal(ctx, pod)
	}
	if l == nil {
		if l, err = k.begin(key, pod, node); err != nil {
			return time.Time{}, err
		}
	}
	return k.play(ctx, l, pod)
}

func (k *Kubelet) life(key string) *life {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return k.lives[key]
}

func (k *Kubelet) begin(key string, pod *v1.Pod, node *v1.Node) (*life, error) {
	l := newLife(k.options, pod, time.Now())
	l.nodeAddress = node.Status.Addresses[0].Address
	l.wake = func() { k.queue.Add(key) }
	switch {
	case pod.Spec.HostNetwork:
		l.address = l.nodeAddress
	case pod.Status.PodIP != "" && k.addresses.adopt(pod.Status.PodIP):
		l.address = pod.Status.PodIP
	default:
		address, err := k.addresses.take()
		if err != nil {
			return nil, err
		}
		l.address = address
	}
	k.ledger.book(pod, pod.Spec.NodeName)
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.lives[key] = l
	return l, nil
}

func (k *Kubelet) forget(key string, l *life) {
	l.destroy()
	if !l.pod.Spec.HostNetwork {
		k.addresses.free(l.address)
	}
	k.ledger.release(l.pod.UID)
	k.mutex.Lock()
	defer k.mutex.Unlock()
	delete(k.lives, key)
}

// play advances the pod's life and writes what changed. The queue never hands one key to two workers at once.
func (k *Kubelet) play(ctx context.Context, l *life, pod *v1.Pod) (time.Time, error) {
	l.pod = pod
	now := time.Now()
	wake := l.advance(now)
	status := l.status(now)
	patch, err := patchOf(string(pod.UID), &status)
	if err != nil {
		return time.Time{}, err
	}
	if !bytes.Equal(patch, l.written) || l.overwritten(&status) {
		written, err := k.client.CoreV1().Pods(pod.Namespace).
			Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
		if ignoreGone(err) != nil {
			return time.Time{}, err
		}
		if err == nil {
			l.written, l.writtenVersion = patch, versionOf(written)
		}
	}
	if l.over() {
		k.ledger.release(pod.UID)
		return time.Time{}, k.deleteFinal(ctx, pod)
	}
	return wake, nil
}

// overwritten tells that somebody else changed, after our last write, what only a kubelet knows: the node controller
// does so when it gives up a node.
func (l *life) overwritten(status *v1.PodStatus) bool {
	if versionOf(l.pod) < l.writtenVersion {
		return false
	}
	if l.pod.Status.Phase != status.Phase {
		return true
	}
	for _, own := range status.Conditions {
		for _, stored := range l.pod.Status.Conditions {
			if stored.Type == own.Type && stored.Status != own.Status {
				return true
			}
		}
	}
	return false
}

func versionOf(pod *v1.Pod) uint64 {
	version, err := strconv.ParseUint(pod.ResourceVersion, 10, 64)
	if err != nil {
		return 0
	}
	return version
}

// deleteFinal removes a deleted pod from the API once nothing of it runs any more.
func (k *Kubelet) deleteFinal(ctx context.Context, pod *v1.Pod) error {
	if pod.DeletionTimestamp == nil {
		return nil
	}
	zero := int64(0)
	return ignoreGone(k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &pod.UID},
	}))
}

// ignoreGone drops the answers that say that the pod is not there any more.
func ignoreGone(err error) error {
	if errors.IsNotFound(err) || errors.IsConflict(err) {
		return nil
	}
	return err
}
