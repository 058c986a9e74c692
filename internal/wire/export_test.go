package wire

import "reflect"

// Reflected is Append by reflection alone, and ReflectedDecode is Decode by reflection alone: what the nouns' own functions
// are measured by.
func Reflected(v any) []byte { return appendValue([]byte{Form}, reflect.ValueOf(v)) }

func (d *Decoder) ReflectedDecode(b []byte, v any) error {
	b, err := d.open(b)
	if err != nil {
		return err
	}
	_, err = d.value(b, reflect.ValueOf(v).Elem())
	return err
}
