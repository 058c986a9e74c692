package snmp

import "errors"

// The versions as they stand in messages.
const (
	version1  = 0
	version2c = 1
	version3  = 3
)

// maxMessage is the largest message that fits a UDP datagram over IPv4; it is what we say we take (RFC 3412, msgMaxSize).
const maxMessage = 65507

// maxBindings bounds what an answer may hold: a request has at most 128 objects.
const maxBindings = 1024

// errStray says that a datagram is no answer to what was asked: of another request, another kind, or no SNMP at all.
// Whoever waits goes on waiting.
var errStray = errors.New("not an answer to this request")

// binding is an object and its value, as encoded; the value belongs to the binding.
type binding struct {
	name  oid
	tag   byte
	value []byte
}

// pdu is a request or an answer (RFC 3416, 3).
type pdu struct {
	kind     byte
	request  int32
	status   int // error-status
	index    int // error-index, counted from 1
	bindings []binding
}

// request makes the PDU that asks for names.
func request(kind byte, id int32, names []oid) pdu {
	p := pdu{kind: kind, request: id, bindings: make([]binding, len(names))}
	for i, name := range names {
		p.bindings[i] = binding{name: name, tag: tagNull}
	}
	return p
}

func (p *pdu) append(b []byte) []byte {
	list := make([]byte, 0, 32*len(p.bindings))
	for _, v := range p.bindings {
		one := appendTLV(appendOID(make([]byte, 0, 64), v.name), v.tag, v.value)
		list = appendTLV(list, tagSequence, one)
	}
	body := appendInt(make([]byte, 0, len(list)+24), int64(p.request))
	body = appendInt(body, int64(p.status))
	body = appendInt(body, int64(p.index))
	body = appendTLV(body, tagSequence, list)
	return appendTLV(b, p.kind, body)
}

// readPDU takes an answer off r.
func readPDU(r *reader) (pdu, error) {
	kind, body := r.element()
	if kind != tagResponse && kind != tagReport {
		return pdu{}, errStray
	}
	p := pdu{kind: kind, request: int32(body.int()), status: int(body.int()), index: int(body.int())}
	list := body.enter(tagSequence)
	for list.more() {
		if len(p.bindings) == maxBindings {
			return pdu{}, errBER
		}
		v, err := readBinding(list)
		if err != nil {
			return pdu{}, err
		}
		p.bindings = append(p.bindings, v)
	}
	return p, list.err
}

func readBinding(list *reader) (binding, error) {
	r := list.enter(tagSequence)
	name := r.enter(tagOID)
	tag, value := r.element()
	if value.err != nil || name.err != nil {
		return binding{}, errBER
	}
	o, ok := decodeOID(name.bytes())
	if !ok || !validValue(tag, value.bytes()) {
		return binding{}, errBER
	}
	return binding{name: o, tag: tag, value: append([]byte(nil), value.bytes()...)}, nil
}

// validValue says whether a value is one that net-snmp takes; for others it drops the whole message.
func validValue(tag byte, b []byte) bool {
	switch tag {
	case tagInteger:
		_, ok := signed(b)
		return ok
	case tagCounter32, tagGauge32, tagTimeTicks, tagUInteger, tagCounter64:
		_, ok := unsigned(b)
		return ok
	case tagOID:
		_, ok := decodeOID(b)
		return ok
	case tagIPAddress:
		return len(b) == 4
	case tagBits:
		return len(b) > 0
	case tagOctets, tagOpaque, tagNull, tagNoSuchObject, tagNoSuchInstance, tagEndOfMibView:
		return true
	}
	return false
}

// encodeCommunity makes a message of version 1 or 2c.
func encodeCommunity(version int, community string, p pdu) []byte {
	body := appendInt(make([]byte, 0, 256), int64(version))
	body = appendTLV(body, tagOctets, []byte(community))
	return appendTLV(nil, tagSequence, p.append(body))
}

// decodeCommunity reads an answer of version 1 or 2c. The community is not looked at, as with net-snmp: what ties the
// answer to the request is its number and the address it came from.
func decodeCommunity(version int, msg []byte) (pdu, error) {
	r := newReader(msg).enter(tagSequence)
	if got := r.int(); got != int64(version) {
		return pdu{}, errStray
	}
	r.octets()
	if r.err != nil {
		return pdu{}, r.err
	}
	return readPDU(r)
}
