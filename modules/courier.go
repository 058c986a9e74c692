package modules

import (
	"context"

	"github.com/onbu/onbu/monitor"
)

// Object is whom a check is made for.
type Object struct {
	Host, Service string // Service is empty for the host itself
	// Payload is the newest place in the stream of payloads that the owner of the object knows of; an answer must not be
	// older than that. 0 for any.
	Payload uint64
	// Forced says that a person wants it now: nothing kept from an earlier check may be the answer.
	Forced bool
	// Arrival says that the check is made because a payload came, and not because it was due: its own agent need not be asked.
	Arrival bool
}

// Personal is a Probe whose answer depends on more than its command line: on whom it is made for.
type Personal interface {
	Probe
	// For gives the probe of one check of that object. It opens nothing.
	For(o Object) Probe
}

// Courier carries payloads: what the agent output of one host held for others. Any goroutine may call it.
type Courier interface {
	// Deliver takes the payloads of one output and returns once they are stored, wherever their targets are looked at. Output
	// without any payload is to be delivered too: it ends what the source said before. An error says that some are not
	// stored, at the latest when ctx ends; the next output makes up for that. Deliver keeps nothing of d.
	Deliver(ctx context.Context, d Delivery) (Delivered, error)
	// Payloads gives the payloads for a host, sorted by source: those under its name and those under its address, unless that
	// is empty. None of them is older than the place least in their stream allows.
	Payloads(ctx context.Context, host, address string, least uint64) (Carried, error)
}

// Delivery is the payloads of one agent output.
type Delivery struct {
	Source string
	At     monitor.Time // when the output was fetched
	Blocks []Block
	// Origin says in a few bytes how the output was fetched, of a source that has several outputs, each with hosts and an
	// interval of its own: what one holds, or does not hold, says nothing of the others. Empty is one of them.
	Origin string
}

// Block is what stands in an output between the name of a host and the next one; those of one name may be several.
type Block struct {
	Name []byte // as it stands there
	Data []byte
}

// Delivered tells what became of the blocks of an output.
type Delivered struct {
	// Own are the blocks that are for the source itself, under whatever name.
	Own [][]byte
	// Kept are for hosts of this site and of others, Orphans for hosts that nobody knows, Refused for hosts that the source may
	// not speak for, Ignored have names that are none, and Beyond came after the bound on targets.
	Kept, Orphans, Refused, Ignored, Beyond uint32
	// Conflicts are names that differ in the output and became one host's, one sentence each; bounded.
	Conflicts []string
}

// Carried are the payloads for one host.
type Carried struct {
	Use      monitor.PiggybackUse // never UseUnset
	Payloads []CarriedPayload
}

// CarriedPayload is a payload with what the host's policies say of it.
type CarriedPayload struct {
	monitor.Payload
	// Usable says whether it is to be evaluated; State and Text are for the agent's own service.
	Usable bool
	State  monitor.State
	Text   string
}
