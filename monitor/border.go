package monitor

// A pack that is too heavy for one shard is cut between hosts and their parents. A host that others stand behind over such a
// cut is a border host of their shards: its own shard looks at it, and tells theirs how it is.

// BorderHost is a host of another shard that hosts of an inventory stand behind, directly or not.
type BorderHost struct {
	Name string
	// Shard is where it lives.
	Shard Shard
}

// Watched says that hosts of another shard stand behind a host of an inventory.
type Watched struct {
	Host  ID
	Shard Shard
}

// BorderInquiry asks the owner of a host for its BorderState, now and whenever it changes in the next minute.
type BorderInquiry struct {
	Host  string
	Shard Shard // which asks
	// Look says that something behind it fails: it is to be looked at now, and what is in front of it.
	Look bool
	// Behind is how many hosts of the shard stand behind it, Worth the highest business impact of those and their services.
	Behind uint32
	Worth  int8
}

// BorderState tells how a host is to the owners of hosts behind it: what they need to judge those as if it were one of
// their own. Times are by the clock of its owner.
type BorderState struct {
	Host string
	// Epoch and Seq order what is told of a host: what is not above the last is old.
	Epoch Epoch
	Seq   uint64
	// State is that of its own last result; Pending if it was never checked. HostProblem and Type go with it.
	State       State
	Type        StateType
	HostProblem bool
	// Check is when the last check began, Change and HardChange when the state and the hard state became others.
	Check, Change, HardChange Time
	// Assumed says that nothing looks at it: it is taken to be UP.
	Assumed bool
	// Askable says that it can be looked at on demand.
	Askable bool
	// Busy says that it is being looked at, or that a result of it waits for others.
	Busy bool
	// Gone says that it suffers from something that is no parent of it (a dependency, the source of its data), Roots are the
	// root problems behind that.
	Gone  bool
	Roots []BorderRoot
	// Shard is the one that says so, if Known: releases before did not say. Epochs of different shards say nothing of each other.
	Shard Shard
	Known bool
}

// BorderRoot is a root problem as other shards hear of it.
type BorderRoot struct {
	Ref
	// Shard is where it lives, if Known.
	Shard Shard
	Known bool
	// Since is when it was found.
	Since Time
	// Text names it with its state, for people.
	Text string
}

// BorderToll tells the owner of a root problem what suffers from it in another shard.
type BorderToll struct {
	Root Ref
	// Shard is where the impacts are, Count how many, Worth the highest business impact of them, Some the first of them.
	Shard Shard
	Count uint32
	Worth int8
	Some  []Ref
}
