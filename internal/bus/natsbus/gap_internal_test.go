package natsbus

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/internal/bus"
)

// A server that was cut off had sent a message that never came. A queue that is read alone must not go on behind it: it is read anew.
func TestAMessageThatIsMissingIsNoticed(t *testing.T) {
	sent := func(numbers ...int) (batch []*nats.Msg) {
		for _, n := range numbers {
			batch = append(batch, &nats.Msg{Subject: "pas.1.r", Sub: &nats.Subscription{}, Reply: fmt.Sprintf("$JS.ACK.PASSIVE.passive-1.1.%d.%d.1795365243373133764.0", 100+n, n)})
		}
		return batch
	}
	for _, one := range []struct {
		cur     bus.Cursor
		batch   []*nats.Msg
		noticed bool
	}{
		{bus.Cursor{Durable: "passive-1", Alone: true}, sent(1, 2, 3), false},
		{bus.Cursor{Durable: "passive-1", Alone: true}, sent(1, 3), true},
		{bus.Cursor{Durable: "passive-1", Alone: true}, sent(2), true},
		{bus.Cursor{}, sent(1, 3), true},
		{bus.Cursor{Durable: "react"}, sent(1, 3), false}, // others of its name have the rest
	} {
		r := reader{cur: one.cur, next: 1}
		if _, err := r.decode(one.batch); (err != nil) != one.noticed {
			t.Errorf("%+v, %d messages, the last %s: %v", one.cur, len(one.batch), one.batch[len(one.batch)-1].Reply, err)
		}
	}
}
