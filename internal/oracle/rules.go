package oracle

// Rule is a difference from Nagios 4.4.6 that is known and wanted; docs/compatibility.md lists them.
type Rule struct {
	Name string
	// Why is the reason for the difference.
	Why string
	// explains takes what it explains out of a difference, and says whether there was anything.
	explains func(*Difference) bool
}

// Rules gives all rules.
func Rules() []Rule { return rules }

var rules = []Rule{
	{
		Name: "the end of a problem that became HARD with its host is HARD",
		Why: "Nagios 4.4 calls it SOFT when the host is UP again, tells nobody, and goes on counting notifications with the " +
			"next problem. Whoever was told of a problem is to be told of its end.",
		explains: hardEnd,
	},
	{
		Name: "a problem that became HARD with its host is confirmed when the host is UP",
		Why: "Nagios 4.4 keeps it HARD and tells at once: each host that comes back wakes people for the services that need " +
			"a minute longer. Nagios 3, Naemon and Onbu count attempts from 1.",
		explains: confirmedAgain,
	},
	{
		Name: "the attempt of a service stays where it is while the host is not UP",
		Why: "Nagios 4.4 sets it to the last one, except when the service was OK before. Nagios 3, Naemon and Onbu leave it: " +
			"nothing was tried.",
		explains: attemptWithHost,
	},
	{
		Name: "the end of a problem is told to those who were told of the problem",
		Why: "Nagios asks of services whether the contact's options have a state that somebody was told of, of hosts not even that: " +
			"people learn that something is over of which they never heard.",
		explains: endForThoseTold,
	},
	{
		Name:     "a flexible downtime that was never used ends without a word",
		Why:      "Nagios 4.4 tells its end, though nobody was told of a beginning.",
		explains: unusedDowntime,
	},
	{
		Name: "a downtime that was never used goes a second after its end",
		Why: "Nagios 4.4 looks for such downtimes when any of them is to go, so that one goes earlier when there are others; " +
			"the comment goes with it.",
		explains: goneEarly,
	},
	{
		Name:     "a downtime that is propagated is entered once for each host",
		Why:      "Nagios enters one for each way from the host to the other.",
		explains: manyWays,
	},
	{
		Name:     "a downtime that ends in the second in which another begins ends first",
		Why:      "In Nagios either may come first; where the next has begun already there is neither an end nor a beginning.",
		explains: meetingDowntimes,
	},
	{
		Name:     "the end of a problem that came while the object flapped is told when it is steady",
		Why:      "Nagios 4.4 has code for that, but has forgotten by then whom it told.",
		explains: endAfterFlapping,
	},
	{
		Name:     "flapping follows from what was recorded",
		Why:      "After a problem that was HARD on one side only, the next twenty results are compared with other ones.",
		explains: otherHistory,
	},
	{
		Name:     "a flexible downtime of a host is in effect when people would be told of the problem that begins it",
		Why:      "Nagios 4.4 begins it after the result was handled, and wakes people for a problem that was announced. For services it looks first.",
		explains: flexibleHost,
	},
	{
		Name:     "nobody is told of a volatile service while its host is not UP",
		Why:      "Nagios 4.4 lets it pass as long as the host's own problem is still SOFT.",
		explains: volatileWithHost,
	},
	{
		Name: "a time period holds from its first second on, and not at its end",
		Why: "In Nagios 09:00-17:00 still holds at 17:00:00, so that two periods that meet overlap; and what it does by itself at a " +
			"full second it does by a clock that is some milliseconds late.",
		explains: periodEnds,
	},
	{
		Name:     "a dependency outside of its period leaves the others in force",
		Why:      "Nagios takes the first dependency that is outside of its period for all of them, and tells.",
		explains: otherDependencies,
	},
	{
		Name:     "an attempt is never more than there are",
		Why:      "After CHANGE_MAX_…_CHECK_ATTEMPTS Nagios goes on with the third of one.",
		explains: attemptWithin,
	},
	{
		Name:     "what depends on an object that differs may differ",
		Why:      "Whether people are told follows from the state of the master, which one of the rules above has made another one.",
		explains: dependsOnApart,
	},
	{
		Name: "a host is looked at as long as one of its services is being confirmed, and its parents when it falls",
		Why: "Nagios 4.4 looks at the host only when the state of the service changes, and of the parents at those that are not UP: " +
			"its code has the two cases the wrong way round. The root of a problem is to be found first.",
		explains: lookedAtSooner,
	},
	{
		Name:     "a result is stale in the first second after its time",
		Why:      "Nagios looks at the full second, by a clock that is some milliseconds late: it finds it a second later.",
		explains: staleLater,
	},
}
