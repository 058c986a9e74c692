package api

// Export is how a module is, as the API gives it. Times are Unix seconds, 0 for never.
type Export struct {
	Module string `json:"module"`
	// Broker works with it now; empty if none does. Last is who did last.
	Broker string `json:"broker"`
	Last   string `json:"last_broker"`
	// To is where it exports to; left out for one that does not say.
	To string `json:"to,omitempty"`
	// Own says that each broker has a place of its own.
	Own bool `json:"own"`
	// Sent counts the broks that it took.
	Sent     uint64  `json:"sent"`
	LastSent float64 `json:"last_sent"`
	// Failing is since when it takes nothing, 0 while it does; Error is why, or why it last did not.
	Failing float64 `json:"failing_since"`
	// ErrorAt is when that was last seen.
	Error   string  `json:"last_error,omitempty"`
	ErrorAt float64 `json:"last_error_at"`
	// Refused counts what the other side refused for what is in it, and the module passed over; LastRefused is when.
	Refused     uint64  `json:"refused"`
	LastRefused float64 `json:"last_refused"`
	// Forgotten is when the place is forgotten of a module that the configuration no longer has; 0 while it has it.
	Forgotten float64  `json:"forgotten_at"`
	Streams   []Stream `json:"streams"`
}

// Stream is how far a module is in a stream.
type Stream struct {
	Stream string `json:"stream"`
	// Waiting are messages; the oldest of them has waited for OldestAge seconds.
	Waiting   uint64  `json:"waiting"`
	OldestAge float64 `json:"oldest_seconds"`
	// Lost are messages that the stream's limits removed before the module had them, those too that are gone while it has yet to come to them; LimitUsed is 1 when that begins.
	Lost      uint64  `json:"lost"`
	LastLost  float64 `json:"last_lost"`
	LimitUsed float64 `json:"limit_used"`
}
