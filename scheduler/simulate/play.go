package simulate

import (
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// play lets time pass until an event, and has it happen.
func (p *player) play(e *event) error {
	if err := p.pass(e.at); err != nil {
		return err
	}
	switch e.do {
	case taking:
		p.world.take(e.id, e.down)
		p.world.by[e.id] = e.line
	case saying:
		p.say(e)
	case telling:
		p.say(e)
		p.tell(e)
	case passing:
		p.submit(e, *e.outcome)
	case obeying:
		p.obey(e)
	case ending:
		p.end(e)
	}
	return nil
}

func (p *player) say(e *event) {
	p.world.say(e.id, e.outcome)
	p.world.by[e.id] = e.line
}

// end puts an end to what a line has begun, unless another line had a word on it since.
func (p *player) end(e *event) {
	if p.world.by[e.id] != e.line {
		return
	}
	if p.inv.IsHost(e.id) {
		p.world.take(e.id, false)
	} else {
		p.world.say(e.id, &fine)
	}
}

// tell gives the result of a check that is made now: that of the one on its way, or of one that is forced. What has no
// active checks gets it as a passive result.
func (p *player) tell(e *event) {
	if _, flying := p.landing.At(e.id); !flying {
		p.force(e)
	}
	if _, flying := p.landing.At(e.id); flying {
		p.landing.Remove(e.id)
		p.flights[e.id].outcome = e.outcome
		p.land(e.id)
		return
	}
	o := *e.outcome
	if p.inv.IsHost(e.id) && o.State != monitor.OK {
		o.State = monitor.Down
	}
	p.submit(e, o)
}

// force has an object checked now.
func (p *player) force(e *event) {
	req := command.Request{Name: "SCHEDULE_FORCED_HOST_CHECK", Ref: p.inv.Ref(e.id), Args: []string{"0"}, Time: p.now}
	if !req.Ref.IsHost() {
		req.Name = "SCHEDULE_FORCED_SVC_CHECK"
	}
	if p.core.Obey(p.now, req, &p.d) == nil {
		p.core.Tick(p.now, &p.d)
	}
	p.carryOut()
}

func (p *player) submit(e *event, o monitor.Outcome) {
	before := p.d.Dropped
	p.core.Submit(p.now, []monitor.Submission{{Ref: p.inv.Ref(e.id), Source: "simulation", Outcome: o}}, &p.d)
	if p.d.Dropped > before {
		p.record.refuse(e, p.now, p.d.Broks[len(p.d.Broks)-1].Text)
	}
	p.carryOut()
}

func (p *player) obey(e *event) {
	e.request.Time = p.now
	if err := p.core.Obey(p.now, e.request, &p.d); err != nil {
		p.record.refuse(e, p.now, err.Error())
	}
	p.carryOut()
}
