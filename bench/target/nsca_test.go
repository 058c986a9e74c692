package target

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

func TestTheSenderSendsEachResultOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, load := range []NSCALoad{
		{Size: packet.Long, Method: packet.XOR, Results: 100, Connections: 3},
		{Size: packet.Short, Method: 14, Results: 20, Connections: 4, Each: 1},
		{Size: packet.Long, Method: packet.XOR, Results: 20, Connections: 3, Each: 1, Sources: 7},
	} {
		load.Port, load.Services, load.Password = l.Addr().(*net.TCPAddr).Port, 15, "secret"
		read, ok := nscaOf(load.Name())
		if !ok || read != load {
			t.Fatalf("%s is read as %+v", load.Name(), read)
		}
		connections := load.Connections
		if load.Each > 0 {
			connections = load.Results / load.Each
		}
		got := received(t, l, &load, connections)
		if len(got) != load.Results {
			t.Errorf("%s: %d different results, want %d", load.Name(), len(got), load.Results)
		}
		for what, n := range got {
			if n != 1 {
				t.Errorf("%s: %s came %d times", load.Name(), what, n)
			}
		}
	}
}

// received gives the outputs of what a load sends over so many connections, each with how often it came.
func received(t *testing.T, l net.Listener, load *NSCALoad, connections int) map[string]int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- nscaSender(*load).Serve(ctx, func(int) {}) }()
	k, err := packet.NewKey(load.Method, load.Password)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	got := map[string]int{}
	var all sync.WaitGroup
	for range connections {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			defer c.Close()
			init := make([]byte, packet.InitSize)
			_, _ = c.Write(init)
			raw, _ := io.ReadAll(c)
			for d := packet.NewDecoder(k, init, packet.Ages{}); len(raw) > 0; {
				p, n, err := d.Next(raw)
				if err != nil || n != load.Size {
					t.Errorf("%d bytes, %v", n, err)
					return
				}
				mu.Lock()
				got[string(p.Host)+"/"+string(p.Service)+" "+string(p.Output)]++
				mu.Unlock()
				raw = raw[n:]
			}
		})
	}
	all.Wait()
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
	return got
}
