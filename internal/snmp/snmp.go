// Package snmp asks SNMP agents: tens of thousands of them at once, over one UDP socket per family and few cores, without a
// goroutine or an allocation per question. It knows the messages of SNMP 1, 2c and 3 and what devices can take; what
// answers mean is the business of its callers.
//
// The Engine takes Requests with Ask, which returns at once, and hands each its Answer exactly once. It promises:
//
//   - All requests for a device, of one version and community, that are there when its turn begins are one
//     conversation: each object is asked once, however many requests want it, in as few messages as the device takes.
//     What comes meanwhile waits for the next turn, and is merged in the same way. A turn begins a moment after the first
//     request (a millisecond or less), so that what is asked in one go is merged.
//   - A device has one conversation, with one message under way, at a time. One that stays silent for a second does not
//     keep requests with another version or community waiting any longer.
//   - How much a device takes is learned and remembered: messages shrink when it says tooBig, or when it answers smaller
//     ones only, and grow slowly. About says what is known, for people.
//   - A request ends with ErrNoAnswer when the device was silent for all its tries, that is (Retries+1)*Timeout after it
//     was asked; whoever waits for the same silent device as patiently ends with it.
//   - Only answers from the address that was asked, with the right number, count. Whatever a device sends costs a bounded
//     amount of memory and time.
//
// Names and values of an Answer lie in memory that is used again: they are valid until Answered returns.
package snmp

import (
	"errors"
	"net/netip"
	"time"
)

// Device is an agent and how to ask it. It is immutable; requests share it.
type Device struct {
	Addr      netip.AddrPort // without a zone
	Version   Version
	Community string // of versions 1 and 2c
	User      *User  // of version 3
	// Timeout is how long a try waits for an answer, Retries how many there are after the first.
	Timeout time.Duration
	Retries int
}

// patience is how long a silent device is waited for.
func (d *Device) patience() time.Duration { return d.Timeout * time.Duration(d.Retries+1) }

// Kind is what is asked.
type Kind uint8

const (
	// Get asks for the values of objects.
	Get Kind = iota
	// GetNext asks for the objects that come next, with their values.
	GetNext
	// Walk asks for all objects below each of the OIDs, by GETBULK where the version has it.
	Walk
)

// Request is one question. The caller owns it again when its Answer has come; until then it must neither change nor be
// copied. It may be used again.
type Request struct {
	To   *Device
	Kind Kind
	// OIDs are at most 1,000.
	OIDs []OID
	// Most is how many objects a Walk gives at most; 0 means 10,000.
	Most int
	// Until is when the answer must be there at the latest, the zero time for no other limit than the device's.
	Until time.Time
	Then  Receiver

	state
}

// Receiver is who wants an Answer.
type Receiver interface {
	// Answered is called once for each Ask, by a goroutine of the engine, perhaps before Ask returns. It must not block;
	// it may call Ask. The Answer with all in it is valid until it returns.
	Answered(r *Request, a *Answer)
}

// Answer is what became of a Request.
type Answer struct {
	// Err is nil if the device answered, even if only with errors of its own. Else it is ErrNoAnswer;
	// context.DeadlineExceeded when Until came first; an *Unreachable; a Refusal; ErrLoop or ErrMost for walks; ErrClosed;
	// or says why nothing could be asked. The objects that came before are in Bindings all the same if it was a Walk.
	Err error
	// Bindings of a Get or GetNext has an entry for each of the OIDs, in their order. An agent that answers other objects
	// than those it was asked for is asked once more, for this request alone, and then they are here as they came. A Walk
	// has what was found, column by column.
	Bindings []Binding
	// Refused tells the Bindings with a Status by their place, in the order in which the agent refused them.
	Refused []int
	// Status is the error-status that the agent gave for the request as a whole, 0 for none: Index, its error-index, is 0
	// or names none of the objects. There are no Bindings then.
	Status, Index int
	// Messages is how many requests the conversation has taken so far, Repeats how many of them were tries after the first.
	Messages, Repeats int
	// Note is what About says of a device that takes less than others, if the conversation took several messages; else empty.
	Note string
}

var (
	// ErrNoAnswer says that the agent stayed silent, or sent nothing but rubbish, for all tries.
	ErrNoAnswer = errors.New("no answer")
	// ErrClosed says that the engine was closed.
	ErrClosed = errors.New("the SNMP engine is closed")
	// ErrLoop ends a walk of an agent whose objects do not come in order: it would never end.
	ErrLoop = errors.New("the agent's objects do not increase: a walk would never end")
	// ErrMost ends a walk that found as many objects as it was to give.
	ErrMost = errors.New("more objects than a walk gives")
)

// Unreachable says that the kernel knows no way to the device: ENETUNREACH, EHOSTUNREACH or EACCES.
type Unreachable struct{ Err error }

// Error implements error.
func (u *Unreachable) Error() string { return u.Err.Error() }

// Unwrap implements errors.Unwrap.
func (u *Unreachable) Unwrap() error { return u.Err }
