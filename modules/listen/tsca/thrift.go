package tsca

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/internal/serve/nagios"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// The service as its description has it (namespace org.shinken_monitoring.tsca); the types stand in state and states.
//
//	enum ReturnCode { OK = 0, WARNING = 1, CRITICAL = 2, UNKNOWN = 3 }
//	struct State { 1: i64 timestamp, 2: string hostname, 3: string serv, 4: string output, 5: ReturnCode rc }
//	struct dataArgs { 1: list<State> data }
//	struct dataReturn { 1: bool returnVal }
//	service StateService { dataReturn submit_list(1: dataArgs arguments) }
const submitList = "submit_list"

// longestName is the longest name of a method that is answered.
const longestName = 256

// deepest bounds how deep structs that are passed over stand in each other.
const deepest = 8

// latest is the last second that a monitor.Time can hold, in the year 2262.
const latest = 9223372036

// sizeOfState is about what a state without texts takes in memory, in bytes.
const sizeOfState = 256

var errMemory = errors.New("too many large messages at once")

var errTooLarge = errors.New("a message is larger than max_message, or has more states than max_results")

// call reads a call and answers it. Of submit_list the answer comes once its results are stored; where Shinken leaves its
// returnVal out it is true. States over the quota make the answer an exception: true would say that they are stored. After an error nothing more can be read.
func (l *Listener) call(ctx context.Context, t *transport, source string) error {
	p := thrift.NewTBinaryProtocolConf(t, &thrift.TConfiguration{MaxMessageSize: int32(l.bytes), MaxFrameSize: int32(l.bytes)})
	name, kind, seq, err := p.ReadMessageBegin(ctx)
	if err != nil {
		return err
	}
	if len(name) > longestName {
		return errTooLarge
	}
	if name != submitList || kind != thrift.CALL && kind != thrift.ONEWAY {
		l.tally.Refused("method")
		if err := thrift.Skip(ctx, p, thrift.STRUCT, deepest); err != nil {
			return err
		}
		return throw(ctx, p, name, seq, thrift.UNKNOWN_METHOD, "Unknown function "+name)
	}
	results, err := l.arguments(ctx, p, t)
	if err != nil {
		return err
	}
	results = l.fresh(results, monitor.At(time.Now()))
	for i := range results {
		results[i].Source = source
	}
	became, err := l.submit(ctx, results)
	switch {
	case kind == thrift.ONEWAY:
		return err
	case err != nil:
		return errors.Join(err, throw(ctx, p, name, seq, thrift.INTERNAL_ERROR, "not everything could be stored: send it again"))
	case became.Over > 0:
		return throw(ctx, p, name, seq, thrift.INTERNAL_ERROR, fmt.Sprintf("%d of %d states came faster than the quota allows and are not stored: send more slowly",
			became.Over, len(results)))
	}
	return stored(ctx, p, seq)
}

// submit hands on results, if there are any, and counts a call that not all of could be taken.
func (l *Listener) submit(ctx context.Context, results []monitor.Submission) (became modules.Receipt, err error) {
	if len(results) == 0 {
		return became, nil
	}
	became, err = l.sink.Submit(ctx, results)
	switch {
	case err != nil:
		l.tally.Refused("unstored")
	case became.Over > 0:
		l.tally.Refused("over")
	}
	return became, err
}

// arguments reads the arguments of submit_list.
func (l *Listener) arguments(ctx context.Context, p thrift.TProtocol, t *transport) (all []monitor.Submission, err error) {
	err = fields(ctx, p, func(id int16, kind thrift.TType) (bool, error) {
		if id != 1 || kind != thrift.STRUCT {
			return false, nil
		}
		return true, fields(ctx, p, func(id int16, kind thrift.TType) (bool, error) {
			if id != 1 || kind != thrift.LIST {
				return false, nil
			}
			all, err = l.states(ctx, p, t)
			return true, err
		})
	})
	return all, err
}

// fields calls one for each field of a struct, which reads it or says that it did not.
func fields(ctx context.Context, p thrift.TProtocol, one func(id int16, kind thrift.TType) (bool, error)) error {
	for {
		_, kind, id, err := p.ReadFieldBegin(ctx)
		if err != nil || kind == thrift.STOP {
			return err
		}
		read, err := one(id, kind)
		if err == nil && !read {
			err = thrift.Skip(ctx, p, kind, deepest)
		}
		if err != nil {
			return err
		}
	}
}

func (l *Listener) states(ctx context.Context, p thrift.TProtocol, t *transport) ([]monitor.Submission, error) {
	kind, n, err := p.ReadListBegin(ctx)
	switch {
	case err != nil:
		return nil, err
	case kind != thrift.STRUCT:
		return nil, fmt.Errorf("a list of type %d in place of states", kind)
	case n > l.most:
		return nil, errTooLarge
	}
	all := make([]monitor.Submission, 0, min(n, 100))
	for range n {
		s, err := state(ctx, p)
		if err == nil && !t.loan.Take(sizeOfState) {
			err = errMemory
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// state reads a state. Fields that are left out are as if they were empty; without a timestamp it is of now.
func state(ctx context.Context, p thrift.TProtocol) (monitor.Submission, error) {
	var of monitor.Ref
	var output string
	var code int32
	var at monitor.Time
	err := fields(ctx, p, func(id int16, kind thrift.TType) (_ bool, err error) {
		switch {
		case id == 1 && kind == thrift.I64:
			var seconds int64
			seconds, err = p.ReadI64(ctx)
			at = max(monitor.Time(min(max(seconds, 0), latest))*1e9, 1)
		case id == 2 && kind == thrift.STRING:
			of.Host, err = p.ReadString(ctx)
		case id == 3 && kind == thrift.STRING:
			of.Service, err = p.ReadString(ctx)
		case id == 4 && kind == thrift.STRING:
			output, err = p.ReadString(ctx)
		case id == 5 && kind == thrift.I32:
			code, err = p.ReadI32(ctx)
		default:
			return false, nil
		}
		return true, err
	})
	s := nagios.Result(of, nagios.Code(int(code), of.IsHost()), output)
	s.Time = at
	return s, err
}

// stored answers with returnVal true.
func stored(ctx context.Context, p thrift.TProtocol, seq int32) error {
	return errors.Join(
		p.WriteMessageBegin(ctx, submitList, thrift.REPLY, seq),
		p.WriteFieldBegin(ctx, "success", thrift.STRUCT, 0),
		p.WriteFieldBegin(ctx, "returnVal", thrift.BOOL, 1), p.WriteBool(ctx, true),
		p.WriteFieldStop(ctx), p.WriteFieldStop(ctx),
		p.Flush(ctx),
	)
}

func throw(ctx context.Context, p thrift.TProtocol, name string, seq, kind int32, why string) error {
	return errors.Join(
		p.WriteMessageBegin(ctx, name, thrift.EXCEPTION, seq),
		thrift.NewTApplicationException(kind, why).Write(ctx, p),
		p.Flush(ctx),
	)
}

// transport is a connection from which only so many bytes more may be read.
type transport struct {
	from *bufio.Reader
	to   *bufio.Writer
	left int64
	loan serve.Loan
}

// Read implements thrift.TTransport.
func (t *transport) Read(b []byte) (int, error) {
	if len(b) > 0 && t.left <= 0 {
		return 0, errTooLarge
	}
	n, err := t.from.Read(b[:min(int64(len(b)), t.left)])
	t.left -= int64(n)
	if !t.loan.Take(int64(n)) {
		return n, errMemory
	}
	return n, err
}

// Write implements thrift.TTransport.
func (t *transport) Write(b []byte) (int, error) { return t.to.Write(b) }

// Flush implements thrift.TTransport.
func (t *transport) Flush(context.Context) error { return t.to.Flush() }

// RemainingBytes implements thrift.TTransport.
func (t *transport) RemainingBytes() uint64 { return uint64(t.left) }

// Open implements thrift.TTransport.
func (t *transport) Open() error { return nil }

// IsOpen implements thrift.TTransport.
func (t *transport) IsOpen() bool { return true }

// Close implements thrift.TTransport.
func (t *transport) Close() error { return nil }
