package broker

import (
	"bytes"
	"context"
	"errors"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
)

// common is what modules have in common with those of other brokers.
func (b *Broker) common() modules.Common {
	if b.o.Bus == nil {
		return modules.Common{}
	}
	return modules.Common{Follow: b.followCommon, Amend: b.amendCommon}
}

func (b *Broker) followCommon(ctx context.Context, name string, told func([]byte)) error {
	return b.o.Bus.Watch(ctx, bus.LEASE, bus.CommonKey(name), func(e bus.Entry) {
		if e.Value != nil {
			told(e.Value)
		}
	})
}

func (b *Broker) amendCommon(ctx context.Context, name string, change func([]byte) []byte) error {
	for {
		e, err := b.o.Bus.Get(ctx, bus.LEASE, bus.CommonKey(name))
		if err != nil && !errors.Is(err, bus.ErrNotFound) {
			return err
		}
		value := change(e.Value)
		if e.Revision != 0 && bytes.Equal(value, e.Value) {
			return nil
		}
		if _, err = b.o.Bus.Put(ctx, bus.LEASE, bus.CommonKey(name), value, e.Revision); !errors.Is(err, bus.ErrConflict) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
