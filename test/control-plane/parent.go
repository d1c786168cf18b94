package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// parentVariable holds the process id that this program must not outlive. Without it the program lives by itself.
const parentVariable = "SLUICE_PARENT"

const parentPollInterval = 250 * time.Millisecond

// endWithParent makes this process end soon after its parent did, however the parent ended. It is the second net below
// the watchdog script, for the case that the watchdog is killed too.
func endWithParent() error {
	text := os.Getenv(parentVariable)
	if text == "" {
		return nil
	}
	parent, err := strconv.Atoi(text)
	if err != nil || parent < 1 {
		return fmt.Errorf("%s=%q is not a process id", parentVariable, text)
	}
	go func() {
		for os.Getppid() == parent {
			time.Sleep(parentPollInterval)
		}
		fmt.Fprintln(os.Stderr, "the process that started this one has ended")
		os.Exit(3)
	}()
	return nil
}
