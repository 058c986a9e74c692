package natsbus

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// through sends a text through the gate's reader and gives what the server would see.
func through(text string) (string, error) {
	var out bytes.Buffer
	v := &visit{inbox: "_INBOX_p.", fromDaemon: bufio.NewReaderSize(strings.NewReader(text), gateBuffer)}
	w := bufio.NewWriter(&out)
	for {
		line, err := v.fromDaemon.ReadSlice('\n')
		if err == nil {
			err = v.request(w, line)
		}
		if err != nil {
			w.Flush()
			return out.String(), err
		}
	}
}

func TestTheGateWritesLinesAnewAndBringsMessagesAsTheyAre(t *testing.T) {
	for text, want := range map[string]string{
		"PING\r\nPONG\r\n":                              "PING\r\nPONG\r\n",
		"pub  a\t 3\r\nabc\r\nPING\r\n":                 "pub a 3\r\nabc\r\nPING\r\n",
		"PUB a _INBOX_p.1 0\r\n\r\n":                    "PUB a _INBOX_p.1 0\r\n\r\n",
		"PUB a 9\r\nPUB b c 0\r\n":                      "PUB a 9\r\nPUB b c 0\r\n", // nothing in a message is a line
		"HPUB a _INBOX_p.1 12 14\r\nNATS/1.0\r\n\r\nhi": "HPUB a _INBOX_p.1 12 14\r\nNATS/1.0\r\n\r\nhi",
		"SUB a q 1\r\nUNSUB 1 5\r\n":                    "SUB a q 1\r\nUNSUB 1 5\r\n",
	} {
		if got, err := through(text); got != want || !errors.Is(err, io.EOF) {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func TestTheGateEndsWhatIsFoul(t *testing.T) {
	for _, text := range []string{
		"PUB a b 0\r\n\r\n", "PUB a _INBOX_q.1 0\r\n\r\n", "PUB a _INBOX_p 0\r\n\r\n", "HPUB a b 12 12\r\nNATS/1.0\r\n\r\n\r\n",
		"PUB a 0\n\r\n", "PUB a\r b 0\r\n\r\n", "PUB a\x00 b 0\r\n\r\n", "PUB a -1\r\n\r\n", "PUB a 0x1\r\n\r\n", "PUB a 99999999999\r\n\r\n", "PUB a\r\n", "PUB a b c 0\r\n\r\n",
		"CONNECT {}\r\n", "INFO {}\r\n", "MSG a 1 0\r\n\r\n", "+OK\r\n", "\r\n", "SUB a\r\n",
		"PUB $JS.API.CONSUMER.CREATE.S.c 70000\r\n", "PUB $JS.API.CONSUMER.CREATE.S.c 1\r\n{\r\n",
		"PUB a 1\r\nxy\r\n", "PUB a 1\r\nx\nPING\r\n", "PUB $JS.API.CONSUMER.CREATE.S.c 2\r\n{}\n\r\n",
	} {
		got, err := through(text)
		if _, foul := errors.AsType[*foul](err); !foul {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

// What comes out of the gate, read again, names no place for answers but the daemon's own.
func FuzzGate(f *testing.F) {
	f.Add("PUB a b 0\r\n\r\n")
	f.Add("PUB a _INBOX_p.1 2\r\nhi\r\nPING\r\nHPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		out, _ := through(text)
		again, err := through(out)
		if _, foul := errors.AsType[*foul](err); foul && strings.HasPrefix(again, out) {
			t.Errorf("%q became %q, which is foul: %v", text, out, err)
		}
	})
}
