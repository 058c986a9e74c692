package main

import (
	"os"
	"time"

	"github.com/onbu/onbu/monitor"
)

// standStill keeps a shard's loop waiting as long as a file is there; nil without a name. The fault suite makes a scheduler stuck with it
// whose process and connections are as they should be.
func standStill(file string) func(monitor.Shard) {
	if file == "" {
		return nil
	}
	return func(monitor.Shard) {
		for {
			if _, err := os.Stat(file); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}
