package broker

import (
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
)

// Common gives what modules of a broker at a bus have in common with others.
func Common(c bus.Conn) modules.Common { return (&Broker{o: Options{Bus: c}}).common() }
