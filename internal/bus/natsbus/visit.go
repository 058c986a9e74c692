package natsbus

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/keys"
)

// visit is a connection of a daemon through the gate.
type visit struct {
	gate       *gate
	down, up   net.Conn // to the daemon; to the server, nil until it is known who is there
	fromServer *bufio.Reader
	fromDaemon *bufio.Reader
	// who and leaf are set under the gate's lock once they are known.
	who   keys.Identity
	leaf  *x509.Certificate
	inbox string // begins all places where the daemon may have answers sent
}

// meet notes who is there.
func (v *visit) meet(secure, up net.Conn, who keys.Identity, leaf *x509.Certificate) {
	v.gate.mu.Lock()
	defer v.gate.mu.Unlock()
	v.down, v.up, v.who, v.leaf, v.inbox = secure, up, who, leaf, InboxOf(who.Name)+"."
}

// end closes both connections; it may be called again.
func (v *visit) end() {
	if v.up != nil {
		v.up.Close()
	}
	v.down.Close()
}

// answers brings what the server says to the daemon, until one of them is gone.
func (v *visit) answers() {
	defer v.end()
	buf := make([]byte, gateBuffer)
	for {
		n, err := v.fromServer.Read(buf)
		if n > 0 {
			if v.down.SetWriteDeadline(time.Now().Add(sendWithin)) != nil {
				return
			}
			if _, err := v.down.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// foul is something that no daemon of ours says.
type foul struct{ what string }

func (f *foul) Error() string { return f.what }

func foulf(format string, args ...any) error { return &foul{fmt.Sprintf(format, args...)} }

// requests brings what the daemon says to the server, line by line, until one of them is gone or something is foul. Lines are
// written anew from what was understood of them, so that the server cannot understand them otherwise.
func (v *visit) requests() error {
	w := bufio.NewWriterSize(v.up, gateBuffer)
	for {
		if v.fromDaemon.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		line, err := v.fromDaemon.ReadSlice('\n')
		if err != nil {
			return err
		}
		if err := v.request(w, line); err != nil {
			return err
		}
	}
}

// request brings one line, with the message that follows it.
func (v *visit) request(w *bufio.Writer, line []byte) error {
	words, err := cut(line)
	if err != nil {
		return err
	}
	var message int // how many bytes follow, without their end
	switch {
	case is(words, "PING", 0, 0), is(words, "PONG", 0, 0), is(words, "SUB", 2, 3), is(words, "UNSUB", 1, 2):
		message = -1
	case is(words, "PUB", 2, 3):
		message, err = v.publish(words, 1)
	case is(words, "HPUB", 3, 4):
		message, err = v.publish(words, 2)
	default:
		return foulf("it says %.40q", line)
	}
	if err != nil {
		return err
	}
	var asks bool // where the message itself may name a place for answers
	if message >= 0 {
		asks = bytes.HasPrefix(words[1], []byte(api+"CONSUMER.CREATE."))
	}
	for i, word := range words {
		if i > 0 {
			_ = w.WriteByte(' ') // the writer keeps the first error for the next Flush
		}
		_, _ = w.Write(word)
	}
	_, _ = w.WriteString("\r\n")
	switch {
	case message < 0:
		return nil
	case asks:
		return v.consumer(w, message, words)
	}
	if _, err := io.CopyN(w, v.fromDaemon, int64(message)); err != nil {
		return err
	}
	return v.lineEnd(w)
}

// lineEnd brings what must stand behind a message.
func (v *visit) lineEnd(w *bufio.Writer) error {
	var end [2]byte
	if _, err := io.ReadFull(v.fromDaemon, end[:]); err != nil {
		return err
	}
	if string(end[:]) != "\r\n" {
		return foulf("its message is longer than it says")
	}
	_, err := w.Write(end[:])
	return err
}

// cut takes a line apart. Whatever a server might read otherwise than we do is foul.
func cut(line []byte) ([][]byte, error) {
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || len(text) == 0 || bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return nil, foulf("its line %.40q does not end as it should, or holds control characters", line)
	}
	return bytes.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' }), nil
}

// is says whether the words are an operation with so many arguments.
func is(words [][]byte, op string, least, most int) bool {
	return len(words) > 0 && len(words)-1 >= least && len(words)-1 <= most && strings.EqualFold(string(words[0]), op)
}

// mostSent bounds a message; the server says what is too long for it.
const mostSent = 8 << 20

// publish checks the line before a message, with so many sizes at its end, and gives the last of them.
func (v *visit) publish(words [][]byte, sizes int) (int, error) {
	args := words[1:]
	if reply := args[1 : len(args)-sizes]; len(reply) > 0 && !bytes.HasPrefix(reply[0], []byte(v.inbox)) {
		return 0, foulf("it wants the answer to %.80s sent to %.80s", args[0], reply[0])
	}
	size, err := strconv.ParseUint(string(args[len(args)-1]), 10, 31)
	if err != nil || size > mostSent {
		return 0, foulf("a message of %.20s bytes", args[len(args)-1])
	}
	return int(size), nil
}

// mostAsked bounds the description of a consumer.
const mostAsked = 64 << 10

// consumer brings the description of a consumer, which may push messages to the daemon's inbox only. It is read as the server
// reads it (nats-server 2.15, CreateConsumerRequest).
func (v *visit) consumer(w *bufio.Writer, size int, words [][]byte) error {
	if len(words[0]) != len("PUB") || size > mostAsked {
		return foulf("it asks for a consumer in %d bytes, or with headers", size)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(v.fromDaemon, body); err != nil {
		return err
	}
	var request struct {
		Config struct {
			Deliver string `json:"deliver_subject"`
		} `json:"config"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return foulf("it asks for a consumer that cannot be understood: %v", err)
	}
	if to := request.Config.Deliver; to != "" && !strings.HasPrefix(to, v.inbox) {
		return foulf("it wants a consumer that sends to %.80s", to)
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	return v.lineEnd(w)
}
