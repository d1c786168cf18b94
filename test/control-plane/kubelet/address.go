package kubelet

import (
	"fmt"
	"net"
	"sync"
)

// Pods have addresses 10.R.0.1 to 10.R.254.254, nodes 10.R.255.1 onwards. R is this cluster's range on this machine.
// A real process listens on 127.R.x.y, which Linux accepts without any set-up; the API refuses loopback addresses in
// endpoints, so the two differ in their first byte only.
const (
	rangeFirst   = 128
	rangeLast    = 254
	nodesMax     = 200
	podAddresses = 254 * 254
	claimPort    = 10250
)

// addresses hands out pod addresses that are unique on this machine.
type addresses struct {
	claim  net.Listener
	second int
	mutex  sync.Mutex
	next   int
	used   map[string]bool
}

// claimAddresses takes a range that no other simulated kubelet of this machine has: whoever listens on 127.R.0.1:10250
// owns range R, until it ends, however it ends.
func claimAddresses() (*addresses, error) {
	var last error
	for second := rangeFirst; second <= rangeLast; second++ {
		claim, err := net.Listen("tcp4", fmt.Sprintf("127.%d.0.1:%d", second, claimPort))
		if err == nil {
			return &addresses{claim: claim, second: second, used: map[string]bool{}}, nil
		}
		last = err
	}
	return nil, fmt.Errorf("no free address range 127.%d-%d.0.1:%d: %w", rangeFirst, rangeLast, claimPort, last)
}

func (a *addresses) node(index int) string {
	return fmt.Sprintf("10.%d.255.%d", a.second, index)
}

// take gives an address that no living pod has. Addresses are used again as late as possible.
func (a *addresses) take() (string, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for range podAddresses {
		address := fmt.Sprintf("10.%d.%d.%d", a.second, a.next/254, a.next%254+1)
		a.next = (a.next + 1) % podAddresses
		// The first address is the range's claim.
		if a.used[address] || address == fmt.Sprintf("10.%d.0.1", a.second) {
			continue
		}
		a.used[address] = true
		return address, nil
	}
	return "", fmt.Errorf("all %d pod addresses are in use", podAddresses-1)
}

// adopt marks the address of a pod that ran before this kubelet started. False when it belongs to another range.
func (a *addresses) adopt(address string) bool {
	var second, third, fourth int
	if _, err := fmt.Sscanf(address, "10.%d.%d.%d", &second, &third, &fourth); err != nil || second != a.second {
		return false
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.used[address] {
		return false
	}
	a.used[address] = true
	return true
}

func (a *addresses) free(address string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.used, address)
}

// reachable is where the real process behind a pod address listens.
func reachable(address string) string {
	if len(address) > 3 && address[:3] == "10." {
		return "127." + address[3:]
	}
	return address
}
