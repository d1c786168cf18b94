package kubelet

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
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
// owns range R, until it ends, however it ends. A kubelet that is started again takes the range it had, which it noted
// in the directory, because its pods keep their addresses.
func claimAddresses(directory string) (*addresses, error) {
	note := ""
	if directory != "" {
		note = filepath.Join(directory, "range")
		if text, err := os.ReadFile(note); err == nil {
			second, err := strconv.Atoi(string(text))
			if err != nil || second < rangeFirst || second > rangeLast {
				return nil, fmt.Errorf("%s contains %q, expected a number from %d to %d", note, text, rangeFirst, rangeLast)
			}
			return claimRange(second)
		}
	}
	var last error
	for second := rangeFirst; second <= rangeLast; second++ {
		claimed, err := claimRange(second)
		if err != nil {
			last = err
			continue
		}
		if note != "" {
			if err := os.MkdirAll(directory, 0o700); err != nil {
				return nil, err
			}
			if err := os.WriteFile(note, []byte(strconv.Itoa(second)), 0o600); err != nil {
				return nil, err
			}
		}
		return claimed, nil
	}
	return nil, fmt.Errorf("no address range of this machine is free: %w", last)
}

func claimRange(second int) (*addresses, error) {
	claim, err := net.Listen("tcp4", fmt.Sprintf("127.%d.0.1:%d", second, claimPort))
	if err != nil {
		return nil, err
	}
	return &addresses{claim: claim, second: second, used: map[string]bool{}}, nil
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
