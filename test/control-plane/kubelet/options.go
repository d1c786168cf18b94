package kubelet

import (
	"flag"
	"fmt"
	"io"
	"time"
)

// Options say which nodes there are and how fast their life is.
type Options struct {
	Kubeconfig string
	// Nodes are named node-1 to node-N.
	Nodes       int
	PodsPerNode int64
	// StartLatency passes between the binding of a pod and the start of its containers (sandbox and image pull).
	StartLatency time.Duration
	// BackOff is the wait before the second restart of a container and after the first failed image pull; it doubles up
	// to BackOffMax.
	BackOff       time.Duration
	BackOffMax    time.Duration
	LeaseInterval time.Duration
	// Directory takes the logs of real processes (logs/) and their process group ids (groups/).
	Directory string
	Workers   int
}

func parseOptions(arguments []string, output io.Writer) (Options, error) {
	options := Options{}
	flags := flag.NewFlagSet("simulated-kubelet", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&options.Kubeconfig, "kubeconfig", "", "how to reach the API server (required)")
	flags.IntVar(&options.Nodes, "nodes", 3, "how many nodes to play, 1 to 200")
	flags.Int64Var(&options.PodsPerNode, "pods-per-node", 10000, "how many pods fit on a node")
	flags.DurationVar(&options.StartLatency, "start-latency", 200*time.Millisecond, "from binding to container start")
	flags.DurationVar(&options.BackOff, "back-off", 10*time.Second, "first restart and image-pull back-off")
	flags.DurationVar(&options.BackOffMax, "back-off-max", 5*time.Minute, "longest back-off")
	flags.DurationVar(&options.LeaseInterval, "lease-interval", 10*time.Second, "how often a node renews its lease")
	flags.StringVar(&options.Directory, "directory", "", "where real processes log; without it pods cannot be real")
	flags.IntVar(&options.Workers, "workers", 32, "how many pods are handled at once")
	if err := flags.Parse(arguments); err != nil {
		return options, err
	}
	switch {
	case flags.NArg() > 0:
		return options, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case options.Kubeconfig == "":
		return options, fmt.Errorf("--kubeconfig is required")
	case options.Nodes < 1 || options.Nodes > nodesMax:
		return options, fmt.Errorf("--nodes=%d must be 1 to %d", options.Nodes, nodesMax)
	case options.PodsPerNode < 1:
		return options, fmt.Errorf("--pods-per-node=%d must be at least 1", options.PodsPerNode)
	case options.StartLatency < 0 || options.BackOff <= 0 || options.BackOffMax < options.BackOff:
		return options, fmt.Errorf("--start-latency must not be negative, and 0 < --back-off <= --back-off-max must hold")
	case options.LeaseInterval <= 0:
		return options, fmt.Errorf("--lease-interval=%s must be above 0", options.LeaseInterval)
	case options.Workers < 1:
		return options, fmt.Errorf("--workers=%d must be at least 1", options.Workers)
	}
	return options, nil
}
