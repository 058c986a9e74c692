package target

import (
	"context"
	"net"
	"sync/atomic"

	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// NSCAFloor is the kind that takes packets of NSCA's larger size, one a connection, and does nothing with them: what it costs
// is what any server in Go pays to accept, greet, read and close.
const NSCAFloor = "nsca-floor"

// nscaFloor counts the packets that it has read.
func nscaFloor() Kind {
	var taken atomic.Int64
	return Kind{
		Name: NSCAFloor, About: "an NSCA server that greets, reads one packet and closes, nothing else", Count: taken.Load,
		Serve: func(ctx context.Context, ready func(port int)) error {
			return listen(ctx, ready, func(c net.Conn) {
				defer c.Close()
				if _, err := c.Write(make([]byte, packet.InitSize)); err != nil {
					return
				}
				var raw [packet.Long]byte
				for have := 0; have < len(raw); {
					n, err := c.Read(raw[have:])
					if err != nil {
						return
					}
					have += n
				}
				taken.Add(1)
			})
		},
	}
}
