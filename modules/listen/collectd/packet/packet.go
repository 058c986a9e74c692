// Package packet knows collectd's network protocol: datagrams of parts with the lists of values and the notifications of
// many hosts, plain, signed or encrypted (collectd's src/network.c and network.h).
package packet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/onbu/onbu/monitor"
)

// The types of parts.
const (
	partHost           = 0x0000
	partTime           = 0x0001
	partPlugin         = 0x0002
	partPluginInstance = 0x0003
	partType           = 0x0004
	partTypeInstance   = 0x0005
	partValues         = 0x0006
	partInterval       = 0x0007
	partTimeHigh       = 0x0008
	partIntervalHigh   = 0x0009
	partMessage        = 0x0100
	partSeverity       = 0x0101
	partSignature      = 0x0200
	partEncryption     = 0x0210
)

// Sizes of the protocol.
const (
	// Longest is the longest datagram.
	Longest = 65535
	header  = 4
	// longestName and longestMessage count the NUL at their ends.
	longestName    = 128
	longestMessage = 256
	valueSize      = 9
)

// Kind says how a value is meant.
type Kind uint8

// The kinds of values.
const (
	Counter Kind = iota
	Gauge
	Derive
	Absolute
	numKinds
)

// Value is one value of a list. Number is that of a Gauge; Count holds the bits of the others, those of an int64 for Derive.
type Value struct {
	Kind   Kind
	Number float64
	Count  uint64
}

// ID names what was measured. The texts lie in the datagram.
type ID struct {
	Host, Plugin, PluginInstance, Type, TypeInstance []byte
}

// List is a list of values that were measured together.
type List struct {
	ID
	Time     monitor.Time
	Interval time.Duration // 0 if the sender does not say
	Values   []Value
}

// Severity of a notification.
type Severity uint8

// The severities.
const (
	Failure Severity = 1
	Warning Severity = 2
	Okay    Severity = 4
)

// Notice is a notification.
type Notice struct {
	ID
	Time     monitor.Time
	Severity Severity
	Message  []byte
}

// Handler takes what a datagram holds. What it gets is good for the length of the call. User is whose signature or password it
// came under; empty for none.
type Handler interface {
	List(user string, l *List)
	Notice(user string, n *Notice)
}

// Level is what must be true of what is taken.
type Level uint8

// The levels: all is taken, what is signed or encrypted, what is encrypted.
const (
	None Level = iota
	Sign
	Encrypt
)

// The reasons for which a datagram, or a part of one, is not taken.
var (
	ErrPlain     = errors.New("it is not signed or encrypted as security_level asks")
	ErrUser      = errors.New("auth_file has no such user")
	ErrSignature = errors.New("the signature or the password is wrong")
	ErrBroken    = errors.New("it is no datagram of collectd's")
)

// Decoder reads datagrams. It is not safe for concurrent use.
type Decoder struct {
	// Level is what must be true of what is taken; Passwords are those of users. Without any, signatures are not looked at.
	Level     Level
	Passwords map[string]string

	plain  []byte // what was encrypted
	values []Value
}

// Decode hands on what a datagram holds. With an error the rest of the datagram from some part on was not taken; what came
// before it was.
func (d *Decoder) Decode(datagram []byte, h Handler) error {
	return d.parts(datagram, h, "", d.Level == None, true)
}

// state is what parts set for those behind them.
type state struct {
	list     List
	severity uint64
}

// parts reads parts one behind the other. outer says that these may be signatures and encrypted parts; trusted, that the others
// are to be taken.
func (d *Decoder) parts(b []byte, h Handler, user string, trusted, outer bool) error {
	var s state
	skipped := false
	for len(b) > 0 {
		if len(b) < header {
			return fmt.Errorf("%w: %d bytes are left over", ErrBroken, len(b))
		}
		kind, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if size < header || size > len(b) {
			return fmt.Errorf("%w: a part of %d bytes where %d are left", ErrBroken, size, len(b))
		}
		body, rest := b[header:size], b[size:]
		b = rest
		switch {
		case kind == partSignature && outer:
			who, err := d.signed(body, rest)
			if err != nil {
				return err
			}
			if who != "" {
				user, trusted = who, trusted || d.Level <= Sign
			}
		case kind == partEncryption && outer:
			if err := d.encrypted(body, h); err != nil {
				return err
			}
		case !trusted:
			skipped = true
		default:
			if err := d.part(&s, kind, body, user, h); err != nil {
				return err
			}
		}
	}
	if skipped {
		return ErrPlain
	}
	return nil
}

// part reads one part.
func (d *Decoder) part(s *state, kind uint16, body []byte, user string, h Handler) (err error) {
	l := &s.list
	switch kind {
	case partHost:
		l.Host, err = text(body, longestName)
	case partPlugin:
		l.Plugin, err = text(body, longestName)
	case partPluginInstance:
		l.PluginInstance, err = text(body, longestName)
	case partType:
		l.Type, err = text(body, longestName)
	case partTypeInstance:
		l.TypeInstance, err = text(body, longestName)
	case partTime:
		l.Time, err = seconds(body)
	case partTimeHigh:
		l.Time, err = highResolution(body)
	case partInterval, partIntervalHigh:
		var t monitor.Time
		if t, err = seconds(body); kind == partIntervalHigh {
			t, err = highResolution(body)
		}
		l.Interval = time.Duration(t)
	case partValues:
		err = d.list(l, body, user, h)
	case partSeverity:
		s.severity, err = number(body)
	case partMessage:
		err = notice(s, body, user, h)
	}
	return err
}

// list reads values and hands the list on, if it is known whose they are.
func (d *Decoder) list(l *List, body []byte, user string, h Handler) error {
	if len(body) < 2 {
		return fmt.Errorf("%w: values of %d bytes", ErrBroken, len(body))
	}
	n := int(binary.BigEndian.Uint16(body))
	if len(body) != 2+n*valueSize {
		return fmt.Errorf("%w: %d values in %d bytes", ErrBroken, n, len(body))
	}
	d.values = d.values[:0]
	kinds, data := body[2:2+n], body[2+n:]
	for i, k := range kinds {
		v := Value{Kind: Kind(k)}
		bits := data[8*i : 8*i+8]
		switch {
		case v.Kind >= numKinds:
			return fmt.Errorf("%w: a value of kind %d", ErrBroken, k)
		case v.Kind == Gauge: // x86's order, whatever machine sends it
			v.Number = math.Float64frombits(binary.LittleEndian.Uint64(bits))
		default:
			v.Count = binary.BigEndian.Uint64(bits)
		}
		d.values = append(d.values, v)
	}
	if len(l.Host) == 0 || len(l.Plugin) == 0 || len(l.Type) == 0 || l.Time == 0 || n == 0 {
		return nil // as collectd: nobody knows what they are
	}
	l.Values = d.values
	h.List(user, l)
	return nil
}

// notice hands a notification on, if it says something.
func notice(s *state, body []byte, user string, h Handler) error {
	message, err := text(body, longestMessage)
	if err != nil {
		return err
	}
	switch Severity(s.severity) {
	case Failure, Warning, Okay:
	default:
		return nil
	}
	if s.severity > uint64(Okay) || len(message) == 0 || s.list.Time == 0 || len(s.list.Host) == 0 {
		return nil
	}
	h.Notice(user, &Notice{ID: s.list.ID, Time: s.list.Time, Severity: Severity(s.severity), Message: message})
	return nil
}

// text reads a string with the NUL at its end.
func text(body []byte, longest int) ([]byte, error) {
	n := len(body)
	if n == 0 || n > longest || body[n-1] != 0 {
		return nil, fmt.Errorf("%w: a text of %d bytes without its end, or with more than %d", ErrBroken, n, longest)
	}
	for _, c := range body[:n-1] {
		if c == 0 {
			return nil, fmt.Errorf("%w: a text with a NUL in it", ErrBroken)
		}
	}
	return body[:n-1], nil
}

func number(body []byte) (uint64, error) {
	if len(body) != 8 {
		return 0, fmt.Errorf("%w: a number of %d bytes", ErrBroken, len(body))
	}
	return binary.BigEndian.Uint64(body), nil
}

// mostSeconds is far in the future, and still fits.
const mostSeconds = 1 << 33

func seconds(body []byte) (monitor.Time, error) {
	n, err := number(body)
	return monitor.Time(min(n, mostSeconds) * 1e9), err
}

// highResolution reads a time in units of 2^-30 s.
func highResolution(body []byte) (monitor.Time, error) {
	n, err := number(body)
	whole, part := min(n>>30, mostSeconds), n&(1<<30-1)
	return monitor.Time(whole*1e9 + part*1e9>>30), err
}
