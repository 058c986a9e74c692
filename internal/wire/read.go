package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"time"
	"unsafe"

	"github.com/tinylib/msgp/msgp"

	"github.com/onbu/onbu/monitor"
)

// cursor reads one value after the other and remembers the first error; what is read after it is zero.
type cursor struct {
	b   []byte
	d   *Decoder
	err error
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.b = nil
}

// tuple opens the tuple of a noun with so many fields, and gives how many more a newer sender has added, to be given to
// close. v is a pointer to the noun: the tuple of an older sender, which has fewer fields, is read by reflection, and ok is
// false then.
func (c *cursor) tuple(known int, v any) (more int, ok bool) {
	if c.err != nil {
		return 0, false
	}
	n, rest, err := msgp.ReadArrayHeaderBytes(c.b)
	if err == nil && int(n) >= known {
		c.b = rest
		return int(n) - known, true
	}
	if rest, err = c.d.structure(c.b, reflect.ValueOf(v).Elem()); err != nil {
		c.fail(err)
	}
	c.b = rest
	return 0, false
}

// close passes over the fields of a newer sender.
func (c *cursor) close(more int) {
	for range more {
		if c.err != nil {
			return
		}
		rest, err := msgp.Skip(c.b)
		if err != nil {
			c.fail(err)
		}
		c.b = rest
	}
}

// small reads an unsigned number up to max, which is at least fixMax.
func (c *cursor) small(most uint64) uint64 {
	if len(c.b) > 0 && c.b[0] <= fixMax {
		v := c.b[0]
		c.b = c.b[1:]
		return uint64(v)
	}
	return c.large(most)
}

func (c *cursor) large(most uint64) uint64 {
	v, rest, err := msgp.ReadUint64Bytes(c.b)
	if err == nil && v > most {
		err = fmt.Errorf("%d is larger than %d", v, most)
	}
	if err != nil {
		c.fail(err)
		return 0
	}
	c.b = rest
	return v
}

func (c *cursor) byte() uint8    { return uint8(c.small(math.MaxUint8)) }
func (c *cursor) short() uint16  { return uint16(c.small(math.MaxUint16)) }
func (c *cursor) word() uint32   { return uint32(c.small(math.MaxUint32)) }
func (c *cursor) number() uint64 { return c.small(math.MaxUint64) }

func (c *cursor) state() monitor.State { return monitor.State(c.byte()) }

func (c *cursor) integer() int64 {
	if len(c.b) >= 9 && c.b[0] == int64Code {
		v := int64(binary.BigEndian.Uint64(c.b[1:]))
		c.b = c.b[9:]
		return v
	}
	v, rest, err := msgp.ReadInt64Bytes(c.b)
	if err != nil {
		c.fail(err)
		return 0
	}
	c.b = rest
	return v
}

func (c *cursor) time() monitor.Time { return monitor.Time(c.integer()) }

func (c *cursor) duration() time.Duration { return time.Duration(c.integer()) }

func (c *cursor) tiny() int8 {
	v := c.integer()
	if v != int64(int8(v)) {
		c.fail(fmt.Errorf("%d does not fit into int8", v))
	}
	return int8(v)
}

func (c *cursor) bool() bool {
	if len(c.b) > 0 && c.b[0]|1 == yes {
		v := c.b[0] == yes
		c.b = c.b[1:]
		return v
	}
	v, rest, err := msgp.ReadBoolBytes(c.b)
	if err != nil {
		c.fail(err)
	}
	c.b = rest
	return v
}

func (c *cursor) float32() float32 {
	v, rest, err := msgp.ReadFloat32Bytes(c.b)
	if err != nil {
		c.fail(err)
	}
	c.b = rest
	return v
}

func (c *cursor) text() string {
	if len(c.b) > 0 && c.b[0]&^0x1f == fixString {
		if n := int(c.b[0]&0x1f) + 1; n <= len(c.b) {
			raw := c.b[1:n]
			c.b = c.b[n:]
			return c.d.intern(raw)
		}
	}
	raw, rest, err := msgp.ReadStringZC(c.b)
	if err != nil {
		c.fail(err)
		return ""
	}
	c.b = rest
	return c.d.intern(raw)
}

func (c *cursor) bytes() []byte {
	raw, rest, err := msgp.ReadBytesZC(c.b)
	if err != nil {
		c.fail(err)
		return nil
	}
	c.b = rest
	return raw
}

// empty passes over a nil or an empty list, which are most of what is seldom there; code is its byte.
func (c *cursor) empty(code byte) bool {
	if len(c.b) > 0 && c.b[0] == code {
		c.b = c.b[1:]
		return true
	}
	return false
}

// some reads by reflection what is seldom there: v is a pointer to a pointer or a list.
func some[T any](c *cursor, v *T, none byte) {
	if c.empty(none) || c.err != nil {
		*v = *new(T)
		return
	}
	rest, err := c.d.value(c.b, reflect.ValueOf(v).Elem())
	if err != nil {
		c.fail(err)
	}
	c.b = rest
}

func (c *cursor) ref(r *monitor.Ref) {
	more, ok := c.tuple(refFields, r)
	if !ok {
		return
	}
	r.Host, r.Service = c.text(), c.text()
	c.close(more)
}

func (c *cursor) job(j *monitor.Job) {
	more, ok := c.tuple(jobFields, j)
	if !ok {
		return
	}
	j.Shard, j.Epoch, j.Object, j.Seq = monitor.Shard(c.short()), monitor.Epoch(c.number()), monitor.ID(c.word()), c.word()
	j.Host, j.Service, j.Pool = c.text(), c.text(), c.text()
	j.Line = c.bytes()
	j.Timeout, j.Due = c.duration(), c.time()
	j.Avoid = c.text()
	some(c, &j.Env, fixArray)
	j.Trace = c.text()
	j.Payload, j.Reasons = c.number(), monitor.Reasons(c.byte())
	c.close(more)
}

func (c *cursor) outcome(o *monitor.Outcome) {
	more, ok := c.tuple(outcomeFields, o)
	if !ok {
		return
	}
	o.State, o.Output, o.LongOutput, o.Perfdata = c.state(), c.text(), c.text(), c.text()
	o.TimedOut = c.bool()
	c.close(more)
}

func (c *cursor) result(r *monitor.Result) {
	more, ok := c.tuple(resultFields, r)
	if !ok {
		return
	}
	r.Shard, r.Epoch, r.Object, r.Seq = monitor.Shard(c.short()), monitor.Epoch(c.number()), monitor.ID(c.word()), c.word()
	r.Poller, r.Module = c.text(), c.text()
	r.Started, r.Finished = c.time(), c.time()
	c.outcome(&r.Outcome)
	c.close(more)
}

func (c *cursor) submission(s *monitor.Submission) {
	more, ok := c.tuple(submitFields, s)
	if !ok {
		return
	}
	c.ref(&s.Ref)
	s.Time, s.Source = c.time(), c.text()
	c.outcome(&s.Outcome)
	s.ID, s.Keep = c.text(), c.bool()
	c.close(more)
}

func (c *cursor) check(k *monitor.Check) {
	more, ok := c.tuple(checkFields, k)
	if !ok {
		return
	}
	c.ref(&k.Ref)
	k.Shard, k.Object, k.Time = monitor.Shard(c.short()), monitor.ID(c.word()), c.time()
	k.State, k.OwnState, k.Type, k.Attempt = c.state(), c.state(), monitor.StateType(c.byte()), c.short()
	k.CheckType = monitor.CheckType(c.byte())
	k.Started, k.Next = c.time(), c.time()
	k.Latency, k.Execution = c.duration(), c.duration()
	k.PercentChange = c.float32()
	k.Module, k.Poller = c.text(), c.text()
	k.Output, k.LongOutput, k.Perfdata = c.text(), c.text(), c.text()
	k.NoPerfdata = c.bool()
	c.close(more)
}

func (c *cursor) brok(b *monitor.Brok) {
	more, ok := c.tuple(brokFields, b)
	if !ok {
		return
	}
	b.Kind, b.Time, b.Shard = monitor.BrokKind(c.byte()), c.time(), monitor.Shard(c.short())
	if b.Status = nil; !c.empty(null) {
		b.Status = fresh[monitor.Status](c)
		c.status(b.Status)
	}
	some(c, &b.Action, null)
	some(c, &b.Downtime, null)
	some(c, &b.Comment, null)
	some(c, &b.Program, null)
	some(c, &b.Contact, null)
	b.NotificationType, b.Text = c.text(), c.text()
	some(c, &b.Told, fixArray)
	b.Type, b.Attempt = monitor.StateType(c.byte()), c.short()
	if b.Check = nil; !c.empty(null) {
		b.Check = fresh[monitor.Check](c)
		c.check(b.Check)
	}
	b.By, b.Answer = c.text(), c.text()
	c.close(more)
}

// fresh makes a noun out of the message's allowance; one that nobody will see when that is used up.
func fresh[T any](c *cursor) *T {
	v := new(T)
	if err := c.d.spend(int(unsafe.Sizeof(*v))); err != nil {
		c.fail(err)
	}
	return v
}

func (c *cursor) status(s *monitor.Status) {
	more, ok := c.tuple(statusFields, s)
	if !ok {
		return
	}
	c.ref(&s.Ref)
	s.State, s.LastState, s.LastHardState = c.state(), c.state(), c.state()
	s.Type, s.Attempt, s.MaxAttempts = monitor.StateType(c.byte()), c.short(), c.short()
	s.CheckType, s.Ack = monitor.CheckType(c.byte()), monitor.AckKind(c.byte())
	s.Switches, s.Modified = monitor.Switch(c.short()), monitor.Switch(c.short())
	s.Flapping, s.DowntimeDepth, s.HostProblem = c.bool(), c.short(), c.bool()
	s.LastCheck, s.NextCheck = c.time(), c.time()
	s.LastChange, s.LastHardChange, s.LastUpdate = c.time(), c.time(), c.time()
	s.LastTimeOK, s.LastTimeWarning, s.LastTimeCritical, s.LastTimeUnknown = c.time(), c.time(), c.time(), c.time()
	s.LastNotification, s.NextNotification, s.NotificationNumber = c.time(), c.time(), c.word()
	s.Latency, s.Execution = c.duration(), c.duration()
	s.PercentChange = c.float32()
	s.ProblemID, s.LastProblemID, s.EventID, s.LastEvID = c.number(), c.number(), c.number(), c.number()
	s.NotifiedOn = c.byte()
	s.Module, s.Poller = c.text(), c.text()
	s.Output, s.LongOutput, s.Perfdata = c.text(), c.text(), c.text()
	s.Pinned, s.History, s.AckUntil = c.bool(), c.number(), c.time()
	s.OwnState, s.Overlaid, s.Problem, s.Impact = c.state(), c.bool(), c.bool(), c.bool()
	some(c, &s.Sources, fixArray)
	s.BusinessImpact = c.tiny()
	some(c, &s.Changed, null)
	some(c, &s.Held, null)
	s.BeforeUnknown, s.LastSnapshot, s.ShownSince = c.state(), c.time(), c.time()
	c.close(more)
}

// jobs reads a message of jobs behind those that are in into.
func (c *cursor) jobs(into *Jobs) {
	more, ok := c.tuple(jobsFields, into)
	if !ok {
		return
	}
	into.From = c.text()
	n, rest, err := msgp.ReadArrayHeaderBytes(c.b)
	if err != nil {
		c.fail(fmt.Errorf("jobs: %w", err))
		return
	}
	c.b = rest
	for i := range n {
		if err := c.d.spend(int(unsafe.Sizeof(monitor.Job{}))); err != nil {
			c.fail(err)
		}
		into.Jobs = append(into.Jobs, monitor.Job{})
		if c.job(&into.Jobs[len(into.Jobs)-1]); c.err != nil {
			c.err = fmt.Errorf("job %d of %d: %w", i, n, c.err)
			return
		}
	}
	into.Serial = c.number()
	c.close(more)
}
