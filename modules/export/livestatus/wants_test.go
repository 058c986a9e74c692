package livestatus_test

import "testing"

func TestANewBrokerTakesThePastIntoItsLog(t *testing.T) {
	m, _ := define(t, newEngine())
	if w := m.Wants(); !w.Past || !w.Own || !w.Events {
		t.Errorf("%+v", w)
	}
}
