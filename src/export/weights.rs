//! `weight.bin`: MIL blob storage, version 2. A header of 64 bytes, then records. Each record
//! starts at a multiple of 64, with a header of 64 bytes before its data.

/// Alignment of records and of the data after their headers.
const ALIGNMENT: usize = 64;
const SENTINEL: u32 = 0xDEAD_BEEF;

/// Type codes of records, which differ from those of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum BlobType {
    Float16 = 1,
    Float32 = 2,
    Int8 = 4,
}

/// The file being written.
pub(super) struct BlobWriter {
    bytes: Vec<u8>,
    records: u32,
}

impl BlobWriter {
    pub(super) fn new() -> Self {
        BlobWriter { bytes: vec![0; ALIGNMENT], records: 0 }
    }

    /// Appends a record. Returns its offset, by which a program refers to it.
    pub(super) fn push(&mut self, kind: BlobType, data: &[u8]) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
        let start = self.bytes.len();
        self.bytes.extend(SENTINEL.to_le_bytes());
        self.bytes.extend((kind as u32).to_le_bytes());
        self.bytes.extend((data.len() as u64).to_le_bytes());
        self.bytes.extend(((start + ALIGNMENT) as u64).to_le_bytes());
        self.bytes.resize(start + ALIGNMENT, 0);
        self.bytes.extend(data);
        self.records += 1;
        start as u64
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes[..4].copy_from_slice(&self.records.to_le_bytes());
        self.bytes[4..8].copy_from_slice(&2u32.to_le_bytes());
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_lie_where_the_format_document_has_them() {
        // The worked example: five labels, float16, each weight before its bias.
        let mut writer = BlobWriter::new();
        let sizes = [131_072, 512, 65_536, 256, 16_384, 128, 640, 10];
        let starts: Vec<u64> =
            sizes.iter().map(|&size| writer.push(BlobType::Float16, &vec![1; size])).collect();
        assert_eq!(starts, [64, 131_200, 131_776, 197_376, 197_696, 214_144, 214_336, 215_040]);
        let bytes = writer.finish();
        assert_eq!(bytes.len(), 215_114);
        assert_eq!(bytes[..16], [8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[64..72], [0xef, 0xbe, 0xad, 0xde, 1, 0, 0, 0]);
        assert_eq!(bytes[72..96], [0, 0, 2, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[128..130], [1, 1]);
    }
}
