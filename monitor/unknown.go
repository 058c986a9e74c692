package monitor

// UnknownResult tells of passive results for a host or service that is not configured.
type UnknownResult struct {
	Ref
	// Source sent the newest, Output is what that said, cut short.
	Source, Output string
	Count          uint64
	First, Last    Time
}
