package demo

import (
	"fmt"
	"time"
)

// round is how long the story takes before it begins again.
const round = 10 * time.Minute

// scene is how the site is at one moment. Whoever gets one only reads it.
type scene struct {
	number int           // of the round, from 0
	at     time.Duration // since the round began
	dead   map[string]bool
	mute   map[string]bool // whose agents say nothing of others
	gone   map[string]bool // guests that the vCenter does not list
	broken map[string]bool // whose web pages answer with an error
	// full is how much of /srv is used on the database that fills up, from 0 to 1.
	full float64
	// queue is how many wait on the server that is too busy.
	queue int
}

// act is something that is so for a while in each round.
type act struct {
	from, to time.Duration
	about    string // printed when it begins; empty for what is not worth a line
	ends     string // printed when it is over
	// show changes the scene; done is how much of the act is over, from 0 to 1.
	show func(s *scene, done float64)
}

// What the story is about.
const (
	deadCore    = "por-core"
	deadAccess  = "ham-acc-9"
	deadServer  = "ham-app-5"
	deadPrinter = "ham-print-12"
	fullHost    = "ham-db-3"
	flapping    = "ham-web-7"
	busyHost    = "ham-app-8"
	brokenRAID  = "ham-san-2"
	hostileHost = "ham-web-3"
	expiresSoon = "ham-web-2"
	goneGuest   = "vm-17"
)

// acts is the story. It begins with what is broken from the start, so that the pages have something to show at once.
func acts() []act {
	at := func(m, s int) time.Duration { return time.Duration(m)*time.Minute + time.Duration(s)*time.Second }
	return []act{
		{0, round, "", "", dies(deadPrinter)},
		{at(0, 20), at(4, 30), "the core switch " + deadCore + " dies, and all of Porto with it: one root problem, 91 impacts", deadCore + " is back", dies(deadCore)},
		{at(0, 30), at(7, 0), "the file system /srv of " + fullHost + " begins to fill up", "somebody tidied /srv of " + fullHost, fills},
		{0, at(6, 0), "the web server " + flapping + " comes and goes: its service flaps", flapping + " is calm again", flaps},
		{at(1, 30), at(5, 30), "the machine " + goneGuest + " vanishes from the vCenter", goneGuest + " is listed again", vanishes(goneGuest)},
		{at(3, 0), at(6, 30), "the agent of " + dockerNode + " falls silent: its containers have only old data", "the agent of " + dockerNode + " speaks again", silent(dockerNode)},
		{at(5, 0), at(7, 30), "the server " + deadServer + " dies", deadServer + " is back", dies(deadServer)},
		{at(2, 0), at(8, 30), "the queue of " + busyHost + " grows", "the queue of " + busyHost + " is empty again", piles},
		{at(7, 0), at(9, 0), "the access switch " + deadAccess + " dies", deadAccess + " is back", dies(deadAccess)},
	}
}

func dies(host string) func(*scene, float64) {
	return func(s *scene, _ float64) { s.dead[host] = true }
}

func vanishes(guest string) func(*scene, float64) {
	return func(s *scene, _ float64) { s.gone[guest] = true }
}

func silent(host string) func(*scene, float64) {
	return func(s *scene, _ float64) { s.mute[host] = true }
}

// fills has a file system grow until it is nearly full, and stay so.
func fills(s *scene, done float64) { s.full = min(quiet+done*0.6, 0.97) }

// quiet is how much of /srv is used while nothing is wrong.
const quiet = 0.61

func piles(s *scene, done float64) { s.queue = int(done * 900) }

// flaps has a page be broken for 20 s and fine for 20 s, or for 40 s, in turn.
func flaps(s *scene, _ float64) {
	s.broken[flapping] = int(s.at/(20*time.Second))%5%2 == 0
}

// sceneAt is how the site is so long after the story began.
func sceneAt(elapsed time.Duration) *scene {
	s := &scene{
		number: int(elapsed / round), at: elapsed % round,
		dead: map[string]bool{}, mute: map[string]bool{}, gone: map[string]bool{}, broken: map[string]bool{}, full: quiet,
	}
	for _, a := range acts() {
		if a.from <= s.at && s.at < a.to {
			a.show(s, float64(s.at-a.from)/float64(a.to-a.from))
		}
	}
	return s
}

// heard gives what is to be said of the time between two moments of the story: acts that begin and end.
func heard(from, to time.Duration) (lines []string) {
	for _, a := range acts() {
		if a.about != "" && passes(a.from, from, to) {
			lines = append(lines, a.about)
		}
		if a.ends != "" && passes(a.to, from, to) {
			lines = append(lines, a.ends)
		}
	}
	return lines
}

// passes is whether the moment at of some round lies in (from, to]. Before the story from is negative.
func passes(at, from, to time.Duration) bool {
	next := at
	if from >= 0 {
		next += from - from%round
	}
	if next <= from {
		next += round
	}
	return next <= to
}

// reach says which hosts answer: those that are not dead, with a way to them that is not.
func reach(hosts []host, s *scene) map[string]bool {
	up := make(map[string]bool, len(hosts))
	for i := range hosts { // parents stand before their children
		h := &hosts[i]
		open := len(h.parents) == 0
		for _, p := range h.parents {
			open = open || up[p]
		}
		up[h.name] = open && !s.dead[h.name]
	}
	return up
}

// clock gives a moment of the story as it is printed.
func clock(at time.Duration) string {
	at %= round
	return fmt.Sprintf("%02d:%02d", int(at.Minutes()), int(at.Seconds())%60)
}
