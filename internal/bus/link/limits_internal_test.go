package link

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

func TestATenantHasALimitOfConnections(t *testing.T) {
	t.Parallel()
	plan := Plan{Tenants: []bus.Tenant{{}, {Name: "xenon-1.a"}}}
	l, err := Start(t.Context(), "a", plan, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, tenant := range plan.Tenants {
		a, err := l.nats.LookupAccount(accountName(tenant.Name))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.MaxActiveLeafNodes(); got != mostNeighbours || a.NumConnections() != 1 {
			t.Errorf("account %q takes %d connections, want %d; it has %d clients, want 1", a.Name, got, mostNeighbours, a.NumConnections())
		}
	}
}

func TestATenantHasALimitOfSubscriptions(t *testing.T) {
	t.Parallel()
	l, err := Start(t.Context(), "a", Plan{Tenants: []bus.Tenant{{}}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range mostSubscriptions + 100 {
		if _, err := l.Messenger("").Subscribe(bus.AtSite(fmt.Sprint("site", i)), func(bus.Msg) {}); err != nil {
			break // the server has closed the connection
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, _ = l.Messenger("").Request(ctx, bus.AtSite("nobody"), nil) // behind all of them
	if got := l.nats.NumSubscriptions(); got > mostSubscriptions {
		t.Errorf("%d subscriptions, want at most %d", got, mostSubscriptions)
	}
}
