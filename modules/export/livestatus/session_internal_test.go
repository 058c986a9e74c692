package livestatus

import (
	"bufio"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules/export/livestatus/lql"
)

// One machine may speak from every address of its /64.
func TestAddressesOfOneNetworkShareWhatASourceMayHave(t *testing.T) {
	for address, refused := range map[string]bool{"2001:db8::2": true, "2001:db8:0:1::1": false} {
		synctest.Test(t, func(t *testing.T) {
			answer := lql.Refuse(&lql.Error{Code: lql.BadRequest, Text: strings.Repeat("x", 1000)}, true)
			m := &Module{patience: time.Minute, unread: unread{most: answer.Size()}}
			writing := func(from string) net.Conn {
				ours, theirs := net.Pipe()
				go func() {
					defer ours.Close()
					_ = m.write(&serve.Conn{Conn: ours, Source: netip.MustParseAddr(from)}, answer)
				}()
				synctest.Wait()
				return theirs
			}
			first, second := writing("2001:db8::1"), writing(address)
			line, err := bufio.NewReader(second).ReadString('\n')
			first.Close()
			second.Close()
			if got := strings.HasPrefix(line, "413"); got != refused || err != nil {
				t.Errorf("an answer to %s is refused: %v, want %v (%q, %v)", address, got, refused, line, err)
			}
		})
	}
}
