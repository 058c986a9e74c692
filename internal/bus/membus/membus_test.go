package membus_test

import (
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/bustest"
	"github.com/onbu/onbu/internal/bus/membus"
)

func TestKeepsThePromisesOfTheBus(t *testing.T) {
	bustest.Run(t, func(*testing.T) func(string) bus.Conn {
		return membus.NewLimited(bustest.StreamLimit).Connect
	})
}
