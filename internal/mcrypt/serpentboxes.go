package mcrypt

// The S-boxes of Serpent on 32 bits at once, each as its algebraic normal form: products of inputs, added without carry. Sums
// that several outputs share stand first.

func serpent0(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	ab := a & b
	ac := a & c
	bc := b & c
	ad := a & d
	bd := b & d
	abc := a & bc
	acd := c & ad
	bcd := c & bd
	t0 := ac ^ abc
	t1 := bcd ^ t0
	t2 := d ^ t1
	t3 := ab ^ t2
	t4 := acd ^ bc
	t5 := a ^ c
	return ^(t3 ^ t4 ^ t5), ^(a ^ bd ^ t1 ^ t4), bd ^ b ^ t3, b ^ d ^ ad ^ t5
}

func serpent1(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	ab := a & b
	ac := a & c
	bc := b & c
	ad := a & d
	bd := b & d
	cd := c & d
	abd := a & bd
	acd := a & cd
	bcd := b & cd
	t0 := acd ^ bcd
	t1 := ad ^ t0
	t2 := ac ^ d
	t3 := ab ^ c
	t4 := b ^ t1
	t5 := abd ^ t2
	return ^(a ^ cd ^ bc ^ t4), ^(a ^ bd ^ t0 ^ t3 ^ t5), ^(b ^ d ^ t3), ^(t4 ^ t5)
}

func serpent2(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	ac := a & c
	bc := b & c
	ad := a & d
	bd := b & d
	cd := c & d
	abc := a & bc
	abd := a & bd
	acd := a & cd
	t0 := b ^ c
	t1 := abc ^ t0
	t2 := acd ^ bc
	t3 := cd ^ t2
	t4 := abd ^ t3
	t5 := a ^ bd
	return ac ^ d ^ t0, a ^ ad ^ t1 ^ t4, b ^ d ^ t4 ^ t5, ^(t1 ^ t5)
}

func serpent3(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	ab := a & b
	ac := a & c
	bc := b & c
	ad := a & d
	bd := b & d
	cd := c & d
	abc := a & bc
	abd := a & bd
	acd := a & cd
	bcd := b & cd
	t0 := acd ^ b
	t1 := cd ^ t0
	t2 := a ^ d
	t3 := ad ^ t1
	t4 := abc ^ t2
	t5 := c ^ t4
	t6 := ab ^ t5
	return bcd ^ bc ^ t2 ^ t3, a ^ abd ^ ac ^ t3, bd ^ abd ^ t6, ac ^ t1 ^ t6
}

func serpent4(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	ab := a & b
	ac := a & c
	bc := b & c
	ad := a & d
	bd := b & d
	cd := c & d
	abc := a & bc
	abd := a & bd
	acd := a & cd
	bcd := b & cd
	t0 := bd ^ bc
	t1 := a ^ t0
	t2 := c ^ ad
	t3 := b ^ t2
	t4 := bcd ^ t1
	t5 := cd ^ t4
	return ^(bd ^ ab ^ d ^ t3), acd ^ ac ^ d ^ t5, abd ^ ab ^ c ^ abc ^ t5, abd ^ t1 ^ t3
}

func serpent5(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	ab := a & b
	ac := a & c
	ad := a & d
	bd := b & d
	cd := c & d
	abc := b & ac
	abd := a & bd
	acd := a & cd
	bcd := b & cd
	t0 := c ^ d
	t1 := ad ^ t0
	t2 := b ^ t1
	t3 := abd ^ cd
	t4 := bd ^ ab
	return ^(t2 ^ t4), ^(a ^ t0 ^ t3 ^ t4), ^(acd ^ bcd ^ b ^ ac ^ d ^ t3), ^(a ^ acd ^ abc ^ t2)
}

func serpent6(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	ab := a & b
	ac := a & c
	bc := b & c
	ad := a & d
	bd := b & d
	cd := c & d
	abc := a & bc
	abd := a & bd
	bcd := b & cd
	t0 := c ^ abc
	t1 := bcd ^ t0
	t2 := d ^ t1
	t3 := ac ^ t2
	t4 := b ^ t3
	t5 := cd ^ ab
	t6 := abd ^ bc
	t7 := a ^ t6
	return ^(t4 ^ t7), ^(b ^ c ^ ad), ^(bd ^ t1 ^ t5 ^ t7), t4 ^ t5
}

func serpent7(a, b, c, d uint32) (uint32, uint32, uint32, uint32) {
	ab := a & b
	ac := a & c
	bc := b & c
	ad := a & d
	bd := b & d
	cd := c & d
	abc := a & bc
	abd := a & bd
	acd := a & cd
	bcd := b & cd
	t0 := c ^ ad
	t1 := b ^ t0
	t2 := d ^ t1
	t3 := acd ^ ab
	t4 := abd ^ t2
	t5 := bd ^ bcd
	t6 := a ^ abc
	return ^(cd ^ t0 ^ t3 ^ t5), ac ^ bc ^ t3 ^ t4, t4 ^ t5 ^ t6, ac ^ t1 ^ t6
}
