package natsbus

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
)

// refusal is what a server of the bus says (nats-server 2.15, client.go).
func refusal(operation, subject string) error {
	return fmt.Errorf("%w: Permissions Violation for %s to %q", nats.ErrPermissionViolation, operation, subject)
}

func TestWhatABusOfTheReleaseBeforeRefusesIsNobodysFault(t *testing.T) {
	for _, c := range []struct {
		role bus.Role
		err  error
		want bool
	}{
		{bus.Broker, refusal("Publish", "$JS.API.CONSUMER.CREATE.KV_NODE.YNtzllB2.$KV.NODE.silent.*"), true},
		{bus.Broker, refusal("Publish", "$JS.API.STREAM.INFO.PASSIVE"), true},
		{bus.Scheduler, refusal("Publish", "$JS.API.STREAM.INFO.PASSIVE"), false}, // it had that right before
		{bus.Poller, refusal("Publish", "$JS.API.STREAM.INFO.PASSIVE"), false},    // it has it neither
		{bus.Poller, refusal("Publish", "$KV.NODE.silent.a"), false},
		{bus.Broker, refusal("Publish", "ev.1.state"), false},
		{bus.Broker, refusal("Subscription", "want.p"), false},
		{bus.Broker, nats.ErrPermissionViolation, false},
	} {
		if got := tooOld(c.err, keys.Identity{Name: "left", Roles: []bus.Role{c.role}}); got != c.want {
			t.Errorf("%s, %v: old is %t, want %t", c.role, c.err, got, c.want)
		}
	}
}

func TestARefusalIsToldOnceInAWhile(t *testing.T) {
	var r refusals
	now := time.Now()
	told := []bool{
		r.add(refusal("Publish", "$JS.API.CONSUMER.CREATE.KV_NODE.YNtzllB2.$KV.NODE.silent.*"), now),
		r.add(refusal("Publish", "$JS.API.CONSUMER.CREATE.KV_NODE.wF9hP1n5.$KV.NODE.silent.*"), now),
		r.add(refusal("Publish", "$JS.API.CONSUMER.CREATE.KV_NODE.wF9hP1n5.$KV.NODE.order.*"), now),
		r.add(refusal("Publish", "$JS.API.CONSUMER.CREATE.KV_NODE.HxGM8PPB.$KV.NODE.silent.*"), now.Add(unwell)),
	}
	if want := []bool{true, false, true, true}; !slices.Equal(told, want) {
		t.Errorf("told: %v, want %v", told, want)
	}
}
