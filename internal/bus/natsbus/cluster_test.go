package natsbus_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/bustest"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/realpeer"
)

// trio is a cluster of three servers.
type trio struct {
	options [3]natsbus.ServerOptions
	servers [3]*natsbus.Server // nil for one that is away
}

// startTrio starts three servers that are joined.
func startTrio(t testing.TB) *trio { return startTrioWith(t, func(int, *natsbus.ServerOptions) {}) }

// startTrioOn has the first keep its store in a folder.
func startTrioOn(t testing.TB, first string) *trio {
	return startTrioWith(t, func(i int, o *natsbus.ServerOptions) {
		if i == 0 {
			o.Dir = first
		}
	})
}

// startTrioWith is startTrio with changes to what each server is started with.
func startTrioWith(t testing.TB, change func(int, *natsbus.ServerOptions)) *trio {
	t.Helper()
	c := &trio{}
	var routes, clients [3]string
	for i := range 3 {
		routes[i], clients[i] = fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t)), fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t))
	}
	for i := range 3 {
		c.options[i] = natsbus.ServerOptions{
			Dir: t.TempDir(), Name: fmt.Sprintf("n%d", i), Listen: clients[i],
			Cluster: &natsbus.Cluster{Listen: routes[i], Join: []string{routes[(i+1)%3], routes[(i+2)%3]}},
		}
		change(i, &c.options[i])
	}
	for i := range 3 {
		c.start(t, i)
	}
	t.Cleanup(func() {
		for i := range 3 {
			c.stop(i)
		}
	})
	return c
}

func (c *trio) start(t testing.TB, i int) {
	t.Helper()
	s, err := natsbus.StartServer(c.options[i])
	if err != nil {
		t.Fatal(err)
	}
	c.servers[i] = s
}

func (c *trio) stop(i int) {
	if c.servers[i] != nil {
		c.servers[i].Close()
		c.servers[i] = nil
	}
}

// connect connects through the server at a place.
func (c *trio) connect(t testing.TB, i int, name string) *natsbus.Conn {
	t.Helper()
	conn, err := c.servers[i].Connect(t.Context(), natsbus.Options{Name: name, MaxStream: bustest.StreamLimit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

var promises = flag.Bool("promises", false, "hold three servers to every promise of the bus: some five minutes")

func TestThreeServersKeepThePromisesOfTheBus(t *testing.T) {
	if !*promises {
		return
	}
	bustest.Run(t, func(t *testing.T) func(string) bus.Conn {
		c := startTrio(t)
		next := 0
		return func(name string) bus.Conn {
			if !strings.Contains(t.Name(), "/messenger/") { // whose subscribers are known to other servers a little later only
				next++
			}
			return c.connect(t, next%3, name)
		}
	})
}
