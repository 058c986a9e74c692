package target_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/onbu/onbu/bench/target"
)

// output reads all that an agent at 127.9.9.9 says.
func output(t *testing.T, port int) string {
	t.Helper()
	c, err := net.Dial("tcp4", fmt.Sprintf("127.9.9.9:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var lastLine = regexp.MustCompile(`\n0 Output - output (\d+) at \d+\.\d{6}\n$`)

func TestTheAgentWritesAllAndHangsUp(t *testing.T) {
	port := start(t, "agent")
	for number := 1; number <= 2; number++ {
		text := output(t, port)
		if !strings.HasPrefix(text, "<<<check_mk>>>\n") {
			t.Errorf("it begins %q", text[:20])
		}
		if m := lastLine.FindStringSubmatch(text); m == nil || m[1] != fmt.Sprint(number) {
			t.Errorf("output %d ends %q", number, text[len(text)-60:])
		}
		if len(text) < 28_000 || len(text) > 36_000 {
			t.Errorf("%d bytes, want about 30 kB", len(text))
		}
		if strings.Contains(text, "<<<<") {
			t.Error("it has payloads that nobody asked for")
		}
	}
}

func TestTheAgentHasAPayloadOfThatSizeForEachGuest(t *testing.T) {
	const guests = 40
	for _, size := range []int{300, 4096} {
		text := output(t, start(t, target.AgentWith(guests, size)))
		blocks := strings.Split(text, "<<<<vm")[1:]
		if len(blocks) != guests {
			t.Fatalf("%d payloads, want %d", len(blocks), guests)
		}
		for i, block := range blocks {
			name, data, _ := strings.Cut(block, ">>>>\n")
			if want := target.Guest(netip.MustParseAddr("127.9.9.9"), i); "vm"+name != want {
				t.Errorf("payload %d is for vm%s, want %s", i, name, want)
			}
			data, _, _ = strings.Cut(data, "<<<<>>>>\n")
			if len(data) != size {
				t.Errorf("payload %d has %d bytes, want %d", i, len(data), size)
			}
			if !strings.HasPrefix(data, "<<<local:sep(0)>>>\n0 "+target.GuestCheck+" number=1 output 1\n") {
				t.Errorf("payload %d begins %q", i, data[:60])
			}
		}
		if !lastLine.MatchString(text) {
			t.Errorf("it ends %q", text[len(text)-60:])
		}
	}
}

func TestATargetThatIsNoneIsRefused(t *testing.T) {
	for _, kind := range []string{"agent+", "agent+5", "agent+5x", "agent+-1x9", "agent+1000000x1", "agents"} {
		if err := target.Run(t.Context(), kind, strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), "HOSTSxBYTES") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func BenchmarkAgent(b *testing.B) {
	for _, size := range []int{0, 4096} {
		b.Run(fmt.Sprintf("1000x%d", size), func(b *testing.B) {
			port := apart(b, target.AgentWith(1000, size))
			for b.Loop() {
				c, err := net.Dial("tcp4", "127.9.9.9:"+port)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, c)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n)
				c.Close()
			}
		})
	}
}
