package natsbus

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func TestAnElectionPasses(t *testing.T) {
	for err, want := range map[error]bool{
		&nats.APIError{Code: 503, Description: "JetStream system temporarily unavailable"}:      true,
		&jetstream.APIError{Code: 503, Description: "JetStream system temporarily unavailable"}: true,
		nats.ErrTimeout:             true,
		&nats.APIError{Code: 404}:   false,
		jetstream.ErrStreamNotFound: false,
	} {
		if got := new(Conn).Passing(fmt.Errorf("listing HB: %w", err)); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}
