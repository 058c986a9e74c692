package monitor

// Explanation is why an object is in the state it is in, as its owner sees it; `onbu explain` prints it.
type Explanation struct {
	Status  Status
	Shard   Shard
	Epoch   Epoch
	Command string // check_command as configured
	Line    string // the command line as it would run now, with secrets masked
	Pool    string
	// Checking says how its checks are made: "active every 5m0s, retried every 1m0s", "passive only", …
	Checking string
	// InFlight says that a check is on its way since Sent.
	InFlight bool
	Sent     Time
	// Period is the check period and PeriodNow whether it holds at present.
	Period    string
	PeriodNow bool
	Parents   []Neighbour
	Children  []Neighbour // hosts behind a host, and the business rules that the object is a member of
	// Why gives the reasons for the state in words, most important first.
	Why []string
	// Told lists who was told of the present problem, newest first.
	Told      []Telling
	Downtimes []Downtime
	Comments  []Comment
	// Untold says of each contact why it is not told at present; empty Why where it would be.
	Untold []Untold
	// Roots are the root problems that it suffers from, Impacts what suffers from it (at most 100; ImpactCount says how
	// many there are).
	Roots, Impacts []Neighbour
	ImpactCount    int
	// Masters are the objects that it depends on (dependencies, service parents, members of a business rule).
	Masters []Neighbour
}

// Untold is a contact, and why it is not told; in Nagios' order of filters.
type Untold struct{ Contact, Why string }

// Neighbour is a parent or child of an object, with its present state.
type Neighbour struct {
	Ref   Ref
	State State
	Type  StateType
	Check Time // 0 where it is not known here
	// Elsewhere says that it lives in another shard than the object, in Shard.
	Elsewhere bool
	Shard     Shard
}

// Telling is one notification that went out.
type Telling struct {
	Time    Time
	Contact string
	Type    string
	Number  uint32
	Command string
}
