package natsbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/onbu/onbu/internal/bus"
)

// The headers and error codes of JetStream that we use (nats-server 2.15: stream.go, jetstream_errors_generated.go).
const (
	hdrMsgID       = "Nats-Msg-Id"
	hdrTTL         = "Nats-TTL"
	hdrLast        = "Nats-Expected-Last-Subject-Sequence"
	hdrLastOf      = "Nats-Expected-Last-Subject-Sequence-Subject"
	hdrStream      = "Nats-Expected-Stream"
	hdrBatch       = "Nats-Batch-Id"
	hdrBatchSeq    = "Nats-Batch-Sequence"
	hdrCommit      = "Nats-Batch-Commit"
	errWrongLast   = 10071 // the subject has another last sequence
	errLastBusy    = 10164 // another write under the same fence is under way
	errStoreFull   = 10077 // with "maximum … exceeded": a limit with "discard new"
	errBatchTwice  = 10201 // a message id of the batch is known: it is stored already
	errIncomplete  = 10176 // part of the batch did not arrive
	errSameID      = 10158 // the message id is under way
	errNoMessage   = 10037
	errOtherStream = 10060 // the message is for another stream, as it says
	errNoRoom      = 10023 // insufficient resources
	errNoStorage   = 10047
	errNoMemory    = 10028
)

// requestTimeout is how long one try may take; an election of a cluster takes longer, so there are several.
const requestTimeout = 5 * time.Second

// apiError is JetStream's answer when it refuses.
type apiError struct {
	Code    int    `json:"code"`
	ErrCode int    `json:"err_code"`
	Text    string `json:"description"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%s (%d)", e.Text, e.ErrCode) }

func refusedWith(err error, codes ...int) bool {
	refused, ok := errors.AsType[*apiError](err)
	return ok && slices.Contains(codes, refused.ErrCode)
}

// errLookAgain: what we wanted to change has changed since we read it, perhaps by our own earlier try.
var errLookAgain = errors.New("changed since it was read")

// passing tells whether trying again may help: the answer says "not now", or there was none.
func passing(err error) bool {
	if refused, ok := errors.AsType[*apiError](err); ok {
		return slices.Contains(notNow, refused.Code) || slices.Contains(underWay, refused.ErrCode)
	}
	for _, p := range noAnswer {
		if errors.Is(err, p) {
			return true
		}
	}
	_, network := errors.AsType[net.Error](err)
	return network
}

var (
	notNow   = []int{408, 429, 503}
	underWay = []int{errLastBusy, errIncomplete, errSameID}
	noAnswer = []error{
		errLookAgain, context.DeadlineExceeded, io.EOF,
		nats.ErrNoResponders, nats.ErrTimeout, nats.ErrReconnectBufExceeded, nats.ErrDisconnected,
		nats.ErrConnectionReconnecting, nats.ErrStaleConnection, nats.ErrNoServers,
		jetstream.ErrNoStreamResponse,
	}
)

// publish sends a message to a stream, once, and returns the sequence from its acknowledgement.
func (c *Conn) publish(ctx context.Context, m *nats.Msg) (uint64, error) {
	try, cancel := context.WithTimeout(ctx, c.tryTimeout())
	defer cancel()
	reply, err := c.nc.RequestMsgWithContext(try, m)
	c.noteAnswer(ctx, err)
	if err != nil {
		return 0, closed(err)
	}
	var ack struct {
		Error *apiError `json:"error"`
		Seq   uint64    `json:"seq"`
	}
	if err := json.Unmarshal(reply.Data, &ack); err != nil {
		return 0, fmt.Errorf("acknowledgement of %s: %w", m.Subject, err)
	}
	if ack.Error != nil {
		return 0, ack.Error
	}
	return ack.Seq, nil
}

func closed(err error) error {
	if errors.Is(err, nats.ErrConnectionClosed) {
		return bus.ErrClosed
	}
	return err
}

// retryAtMost is how long retry waits between two tries.
const retryAtMost = pause(500 * time.Millisecond)

// retry calls try until it succeeds, fails for good, or ctx ends; then it returns the last error beside ctx's.
func (c *Conn) retry(ctx context.Context, what string, try func() error) error {
	wait := pause(50 * time.Millisecond)
	for {
		err := try()
		if err == nil || !passing(err) {
			return err
		}
		c.log.Debug("trying again", "what", what, "err", err)
		wait = min(wait, retryAtMost) // the election of a leader ends at any moment
		if !wait.sleep(ctx) {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

// pause is a wait that doubles up to two seconds.
type pause time.Duration

// sleep waits and returns false when ctx has ended.
func (p *pause) sleep(ctx context.Context) bool {
	timer := time.NewTimer(time.Duration(*p))
	defer timer.Stop()
	*p = pause(min(2*time.Duration(*p), 2*time.Second))
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Append implements bus.Streams. A message without an id gets one, so that our own second try cannot store it twice.
func (c *Conn) Append(ctx context.Context, subject bus.Subject, data []byte, id string) error {
	if err := bus.CheckMessage(subject, data); err != nil {
		return fmt.Errorf("appending: %w", err)
	}
	if bus.StreamOf(c.layout, subject) == "" {
		return fmt.Errorf("appending: no stream of the layout stores %s", subject)
	}
	if id == "" {
		id = nuid.Next()
	}
	m := &nats.Msg{Subject: string(subject), Header: nats.Header{hdrMsgID: {id}}, Data: data}
	err := c.retry(ctx, string(subject), func() error {
		_, err := c.publish(ctx, m)
		return full(err)
	})
	if err != nil {
		return fmt.Errorf("appending to %s: %w", subject, err)
	}
	return nil
}

// Forget implements bus.Streams.
func (c *Conn) Forget(ctx context.Context, name bus.Stream, filter bus.Subject, upTo uint64) error {
	s, err := c.js.Stream(ctx, string(name))
	if err == nil { // the purge leaves the sequence that it is given
		err = s.Purge(ctx, jetstream.WithPurgeSubject(string(filter)), jetstream.WithPurgeSequence(upTo+1))
	}
	if err != nil {
		return fmt.Errorf("forgetting messages of %s: %w", name, err)
	}
	return nil
}

// full turns the answers that mean "no more" into ErrFull; the sender decides how long it waits then.
func full(err error) error {
	refused, ok := errors.AsType[*apiError](err)
	if !ok {
		return err
	}
	limit := refused.ErrCode == errStoreFull && strings.HasPrefix(refused.Text, "maximum ")
	if limit || refusedWith(err, errNoRoom, errNoStorage, errNoMemory) {
		return fmt.Errorf("%w: %s", bus.ErrFull, refused.Text)
	}
	return err
}
