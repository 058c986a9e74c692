package app

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/onbu/onbu/broker"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver"
)

// errNoReceiver is what a module of the broker gets that is faster than the start of the process, or whose receiver is in maintenance.
var errNoReceiver = errors.New("no receiver works in this process: it starts, then give the command again in a moment; or it is in maintenance, then give it to another broker")

// obey has a command carried out for a module of the broker: by this process' receiver.
func (a *App) obey(ctx context.Context, line, source string) error {
	r := a.receiver.Load()
	if r == nil {
		return errNoReceiver
	}
	return r.Obey(ctx, line, source)
}

// obeying gives a broker somebody who carries commands out: the receiver of this process, else one of its own that listens
// nowhere.
func (a *part) obeying(b *broker.Broker) Daemon {
	if slices.Contains(a.o.Roles, "receiver") {
		return b
	}
	r := receiver.New(receiver.Options{
		Boot: a.boot, Name: a.o.Name, Bus: a.bus, Log: a.o.Log.With("role", "broker"), Metrics: a.metrics,
	})
	a.receives(r)
	return &obeyingBroker{b, r}
}

// obeyingBroker is a broker with a receiver for the commands of its modules.
type obeyingBroker struct {
	*broker.Broker
	receiver *receiver.Receiver
}

// Run implements Daemon.
func (b *obeyingBroker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	wg.Go(func() { cancel(b.receiver.Run(ctx)) })
	err := b.Broker.Run(ctx)
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, monitor.ErrGiveUp) {
		err = cause
	}
	return err
}
