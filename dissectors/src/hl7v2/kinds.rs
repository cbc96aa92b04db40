//! Message kinds, named `TYPE^EVENT` as in MSH-9, and what each does (HL7 v2 chapters 2 to 5, 7,
//! 8, 13; table 0003).

use crate::schema::{Kind, KindId};

/// What a kind does, before the content of the message is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Not a message of its own accord: envelope, keep-alive, fault.
    Nothing,
    /// Answers and carries no data.
    Answer,
    /// Answers with records.
    Results,
    /// Binds a patient to an identity, a bed or a visit.
    Identity,
    Merge,
    DeletePatient,
    /// Reports a result, a document, a charge: something is stored by the receiver.
    Store,
    /// Reports a state that nobody need store.
    Notify,
    /// Programs an infusion (IHE PCD-03).
    Give,
    /// A pharmacy order that some gateways take as a program.
    PharmacyOrder,
    /// Documents an administration; some gateways take it as a program.
    Administration,
    /// Any other order.
    Order,
    Query,
    /// Commands laboratory equipment (ECD-2 says what).
    Equipment,
    Settings,
    MasterFile,
    /// Network management data: may set the clock (NCK).
    Network,
    Unknown,
}

macro_rules! rows {
    ($($name:literal $meaning:ident $doc:literal;)+) => {
        /// Every message kind that this protocol knows by name.
        pub const KINDS: &[Kind] = &[$(Kind::new($name, $doc)),+];
        const MEANINGS: &[Meaning] = &[$(Meaning::$meaning),+];
    };
}

rows! {
    "batch" Nothing "The envelope of a batch or file: FHS, BHS, BTS, FTS (ch. 2)";
    "commit-ack" Nothing "MLLP release 2 commit acknowledgement, 0B 06 1C 0D";
    "commit-nak" Nothing "MLLP release 2 negative commit acknowledgement, 0B 15 1C 0D";
    "empty-block" Nothing "0B 1C 0D with nothing inside, used as a keep-alive";
    "between-blocks" Nothing "Bytes outside any block";
    "fragment" Nothing "The rest of a message whose start was not captured";
    "malformed" Unknown "A block that is no HL7 v2 message, or whose header cannot be trusted";
    "untyped" Unknown "A message whose MSH-9 is empty";
    "ACK" Answer "General acknowledgement";

    "ADT^A01" Identity "Admit";
    "ADT^A02" Identity "Transfer";
    "ADT^A03" Identity "Discharge";
    "ADT^A04" Identity "Register";
    "ADT^A05" Identity "Pre-admit";
    "ADT^A06" Identity "Outpatient becomes inpatient";
    "ADT^A07" Identity "Inpatient becomes outpatient";
    "ADT^A08" Identity "Update patient information";
    "ADT^A09" Identity "Patient departing";
    "ADT^A10" Identity "Patient arriving";
    "ADT^A11" Identity "Cancel admit";
    "ADT^A12" Identity "Cancel transfer";
    "ADT^A13" Identity "Cancel discharge";
    "ADT^A14" Identity "Pending admit";
    "ADT^A15" Identity "Pending transfer";
    "ADT^A16" Identity "Pending discharge";
    "ADT^A17" Identity "Swap patients";
    "ADT^A18" Merge "Merge patient information";
    "ADT^A20" Identity "Bed status update";
    "ADT^A21" Identity "Leave of absence: out";
    "ADT^A22" Identity "Leave of absence: return";
    "ADT^A23" DeletePatient "Delete a patient record";
    "ADT^A24" Merge "Link patient information";
    "ADT^A25" Identity "Cancel pending discharge";
    "ADT^A26" Identity "Cancel pending transfer";
    "ADT^A27" Identity "Cancel pending admit";
    "ADT^A28" Identity "Add person";
    "ADT^A29" DeletePatient "Delete person";
    "ADT^A30" Merge "Merge person";
    "ADT^A31" Identity "Update person";
    "ADT^A32" Identity "Cancel patient arriving";
    "ADT^A33" Identity "Cancel patient departing";
    "ADT^A34" Merge "Merge patient, id only";
    "ADT^A35" Merge "Merge account, number only";
    "ADT^A36" Merge "Merge patient id and account";
    "ADT^A37" Identity "Unlink patient information";
    "ADT^A38" Identity "Cancel pre-admit";
    "ADT^A39" Merge "Merge person, id";
    "ADT^A40" Merge "Merge patient, identifier list";
    "ADT^A41" Merge "Merge account";
    "ADT^A42" Merge "Merge visit";
    "ADT^A43" Merge "Move patient, identifier list";
    "ADT^A44" Merge "Move account";
    "ADT^A45" Merge "Move visit";
    "ADT^A46" Identity "Change patient id";
    "ADT^A47" Identity "Change patient identifier list";
    "ADT^A48" Identity "Change alternate patient id";
    "ADT^A49" Identity "Change account number";
    "ADT^A50" Identity "Change visit number";
    "ADT^A51" Identity "Change alternate visit id";
    "ADT^A52" Identity "Cancel leave of absence";
    "ADT^A53" Identity "Cancel return from leave";
    "ADT^A54" Identity "Change attending doctor";
    "ADT^A55" Identity "Cancel change of attending doctor";
    "ADT^A60" Identity "Update allergies";
    "ADT^A61" Identity "Change consulting doctor";
    "ADT^A62" Identity "Cancel change of consulting doctor";

    "ORU^R01" Store "Unsolicited observation; IHE PCD-01";
    "ORU^R30" Store "Point-of-care observation without an order: place one";
    "ORU^R31" Store "Point-of-care observation: search for the order";
    "ORU^R32" Store "Point-of-care observation with an order";
    "ORU^R40" Notify "Alert report; IHE PCD-04";
    "ORU^R42" Store "Infusion event; IHE PCD-10";
    "ORA^R41" Notify "Alert status, may tell that an operator acknowledged; IHE PCD-05";
    "OUL^R21" Store "Laboratory result";
    "OUL^R22" Store "Laboratory result by specimen; IHE LAW";
    "OUL^R23" Store "Laboratory result by container";
    "OUL^R24" Store "Laboratory result by order";

    "ORM^O01" Order "General order (2.1 to 2.5)";
    "ORR^O02" Answer "General order response";
    "OMG^O19" Order "General clinical order";
    "ORG^O20" Answer "General clinical order response";
    "OML^O21" Order "Laboratory order";
    "ORL^O22" Answer "Laboratory order response";
    "OML^O33" Order "Laboratory order by specimen; IHE LAW";
    "ORL^O34" Answer "Laboratory order by specimen: response";
    "OML^O35" Order "Laboratory order by container";
    "ORL^O36" Answer "Laboratory order by container: response";
    "OMI^O23" Order "Imaging order";
    "ORI^O24" Answer "Imaging order response";
    "OMD^O03" Order "Dietary order";
    "ORD^O04" Answer "Dietary order response";
    "OMS^O05" Order "Stock requisition";
    "ORS^O06" Answer "Stock requisition response";
    "OMN^O07" Order "Non-stock requisition";
    "ORN^O08" Answer "Non-stock requisition response";
    "OMP^O09" PharmacyOrder "Pharmacy order";
    "ORP^O10" Answer "Pharmacy order response";
    "RDE^O11" PharmacyOrder "Encoded pharmacy order";
    "RRE^O12" Answer "Encoded pharmacy order response";
    "RDS^O13" PharmacyOrder "Pharmacy dispense";
    "RRD^O14" Answer "Pharmacy dispense response";
    "RGV^O15" Give "Pharmacy give: programs a pump; IHE PCD-03";
    "RRG^O16" Answer "Pharmacy give response; IHE PCD-03";
    "RAS^O17" Administration "Pharmacy administration";
    "RRA^O18" Answer "Pharmacy administration response";
    "RDE^O25" PharmacyOrder "Pharmacy refill authorisation request";
    "RRE^O26" Answer "Pharmacy refill authorisation response";
    "OMB^O27" Order "Blood product order";
    "ORB^O28" Answer "Blood product order response";

    "SIU^S12" Store "New appointment";
    "SIU^S13" Store "Appointment moved";
    "SIU^S14" Store "Appointment changed";
    "SIU^S15" Store "Appointment cancelled";
    "SIU^S17" Store "Appointment deleted";
    "SIU^S26" Store "Patient did not come";
    "MDM^T01" Store "Original document notification";
    "MDM^T02" Store "Original document with content";
    "MDM^T03" Store "Document status change";
    "MDM^T04" Store "Document status change with content";
    "MDM^T05" Store "Document addendum";
    "MDM^T06" Store "Document addendum with content";
    "MDM^T07" Store "Document edit";
    "MDM^T08" Store "Document edit with content";
    "MDM^T09" Store "Document replacement";
    "MDM^T10" Store "Document replacement with content";
    "MDM^T11" Store "Document cancelled";

    "MFN^M01" MasterFile "Master file";
    "MFN^M02" MasterFile "Staff master file";
    "MFN^M03" MasterFile "Test master file (old form)";
    "MFN^M04" MasterFile "Charge description master file";
    "MFN^M05" MasterFile "Location master file";
    "MFN^M06" MasterFile "Clinical study master file";
    "MFN^M07" MasterFile "Clinical study without phases, master file";
    "MFN^M08" MasterFile "Numeric test definitions";
    "MFN^M09" MasterFile "Categorical test definitions";
    "MFN^M10" MasterFile "Test batteries";
    "MFN^M11" MasterFile "Calculated tests";
    "MFN^M12" MasterFile "Additional test attributes";
    "MFN^M13" MasterFile "Master file, general";
    "MFN^M14" MasterFile "Site-defined master file";
    "MFN^M15" MasterFile "Inventory master file";
    "MFN^M16" MasterFile "Inventory master file, enhanced";
    "MFN^M17" MasterFile "DRG master file";
    "MFK^M01" Answer "Master file acknowledgement";
    "MFQ^M01" Query "Master file query";
    "MFR^M01" Results "Master file query response";

    "QBP^Q11" Query "Query by parameter, segment pattern; IHE LAW work-order query";
    "QBP^Q13" Query "Query by parameter, tabular";
    "QBP^Q15" Query "Query by parameter, display";
    "QBP^Q21" Query "Get person demographics";
    "QBP^Q22" Query "Find candidates; IHE PDQ";
    "QBP^Q23" Query "Get corresponding identifiers; IHE PIX";
    "QBP^Q24" Query "Allocate identifiers";
    "QBP^Q25" Query "Personnel information by segment";
    "QBP^Q31" Query "Query dispense history";
    "RSP^K11" Results "Segment pattern response";
    "RSP^K21" Results "Person demographics";
    "RSP^K22" Results "Candidates; IHE PDQ";
    "RSP^K23" Results "Corresponding identifiers; IHE PIX";
    "RSP^K24" Results "Allocated identifiers";
    "RSP^K25" Results "Personnel information";
    "RSP^K31" Results "Dispense history";
    "QRY^A19" Query "Patient query";
    "ADR^A19" Results "Patient query response";
    "QRY^Q01" Query "Display query, immediate";
    "QRY^Q02" Query "Display query, deferred";
    "QRY^R02" Query "Query for results of observation";
    "QRY^P04" Query "Query for billing";
    "DSR^Q01" Results "Display response";
    "DSR^Q03" Results "Display response, deferred";
    "ORF^R04" Results "Response to a query for results";
    "VXQ^V01" Query "Vaccination record query";
    "VXX^V02" Results "Vaccination query: several patients";
    "VXR^V03" Results "Vaccination record";
    "VXU^V04" Store "Vaccination update";

    "EAC^U07" Equipment "Automated equipment command";
    "EAR^U08" Notify "Automated equipment response";
    "EAN^U09" Notify "Automated equipment notification";
    "ESU^U01" Notify "Equipment status update";
    "ESR^U02" Query "Equipment status request";
    "SSU^U03" Notify "Specimen status update";
    "SSR^U04" Query "Specimen status request";
    "INU^U05" Notify "Equipment inventory update";
    "INR^U06" Query "Equipment inventory request";
    "TCU^U10" Settings "Test code settings update";
    "TCR^U11" Query "Test code settings request";
    "LSU^U12" Notify "Equipment log or service update";
    "LSR^U13" Query "Equipment log or service request";

    "NMQ^N01" Query "Network management query";
    "NMR^N01" Results "Network management response";
    "NMD^N02" Network "Network management data: may set the clock, restart statistics";

    "BAR^P01" Store "Add account";
    "BAR^P02" Store "Purge account";
    "BAR^P05" Store "Update account";
    "BAR^P06" Store "End account";
    "DFT^P03" Store "Charge";
    "PPR^PC1" Store "Problem added";
    "REF^I12" Store "Referral";
    "CRM^C01" Store "Study registration";
    "CSU^C09" Store "Study data";
    "SUR^P09" Store "Product experience summary";
}

pub const BATCH: KindId = KindId(0);
pub const COMMIT_ACK: KindId = KindId(1);
pub const COMMIT_NAK: KindId = KindId(2);
pub const EMPTY_BLOCK: KindId = KindId(3);
pub const BETWEEN_BLOCKS: KindId = KindId(4);
pub const FRAGMENT: KindId = KindId(5);
pub const MALFORMED: KindId = KindId(6);
pub const UNTYPED: KindId = KindId(7);
pub const PLAIN_ACK: KindId = KindId(8);

/// The row and meaning of `TYPE^EVENT`. The meaning of an event that has no row is that of its
/// type where all events of the type mean the same.
pub(super) fn find(code: &[u8], trigger: &[u8]) -> (Option<KindId>, Meaning) {
    if code == b"ACK" {
        let row = trigger.is_empty().then_some(PLAIN_ACK);
        return (row, Meaning::Answer);
    }
    let (Ok(code), trigger) = (<[u8; 3]>::try_from(code), <[u8; 3]>::try_from(trigger)) else {
        return (None, Meaning::Unknown);
    };
    if let Ok(trigger) = trigger {
        let key = key(code, trigger);
        if let Ok(at) = INDEX.binary_search_by_key(&key, |(k, _)| *k) {
            let row = INDEX[at].1;
            return (Some(KindId(row)), MEANINGS[usize::from(row)]);
        }
    }
    (None, of_type(&code))
}

/// What all messages of a type have in common.
fn of_type(code: &[u8; 3]) -> Meaning {
    match code {
        b"ORU" | b"OUL" | b"MDM" | b"SIU" | b"BAR" | b"DFT" | b"VXU" | b"PPR" | b"PGL" | b"PPG"
        | b"PPT" | b"REF" | b"CRM" | b"CSU" | b"SUR" | b"PEX" | b"CCM" | b"CCU" | b"PPV" => {
            Meaning::Store
        }
        b"ORM" | b"OMG" | b"OML" | b"OMI" | b"OMD" | b"OMS" | b"OMN" | b"OMB" | b"OMQ" | b"OSM" => {
            Meaning::Order
        }
        b"RGV" => Meaning::Give,
        b"OMP" | b"RDE" | b"RDS" | b"RDO" => Meaning::PharmacyOrder,
        b"RAS" => Meaning::Administration,
        b"QBP" | b"QRY" | b"QSB" | b"QCN" | b"QVR" | b"VXQ" | b"SQM" | b"SQR" | b"MFQ" | b"NMQ"
        | b"SPQ" | b"VQQ" | b"EQQ" | b"RQQ" | b"ESR" | b"SSR" | b"INR" | b"TCR" | b"LSR"
        | b"QSX" | b"OSQ" | b"RQC" | b"RQP" => Meaning::Query,
        b"RSP" | b"RTB" | b"RDY" | b"ADR" | b"DSR" | b"ORF" | b"OSR" | b"VXR" | b"VXX" | b"MFR"
        | b"TBR" | b"EDR" | b"ERP" | b"RAR" | b"RDR" | b"RER" | b"RGR" | b"ROR" | b"RCI"
        | b"RCL" | b"RPI" | b"RPL" | b"PRR" | b"PTR" | b"NMR" => Meaning::Results,
        b"ORR" | b"ORG" | b"ORL" | b"ORI" | b"ORD" | b"ORS" | b"ORN" | b"ORB" | b"ORP" | b"RRE"
        | b"RRD" | b"RRG" | b"RRA" | b"RRO" | b"RRI" | b"RPR" | b"MCF" | b"MFK" | b"QCK"
        | b"SRR" => Meaning::Answer,
        b"MFN" | b"MFD" => Meaning::MasterFile,
        b"EAC" => Meaning::Equipment,
        b"EAR" | b"EAN" | b"ESU" | b"SSU" | b"INU" | b"LSU" | b"ORA" => Meaning::Notify,
        b"TCU" => Meaning::Settings,
        b"NMD" => Meaning::Network,
        _ => Meaning::Unknown,
    }
}

const fn key(code: [u8; 3], trigger: [u8; 3]) -> u64 {
    u64::from_be_bytes([
        0, 0, code[0], code[1], code[2], trigger[0], trigger[1], trigger[2],
    ])
}

const ROWS: usize = KINDS.len();

/// (key, row) of every `TYPE^EVENT` row, sorted by key; rows of another form have key 0.
const INDEX: [(u64, u16); ROWS] = {
    let mut index = [(0u64, 0u16); ROWS];
    let mut row = 0;
    while row < ROWS {
        let name = KINDS[row].name.as_bytes();
        if name.len() == 7 && name[3] == b'^' {
            let k = key([name[0], name[1], name[2]], [name[4], name[5], name[6]]);
            // Insertion sort: done once, by the compiler.
            let mut at = row;
            while at > 0 && index[at - 1].0 > k {
                index[at] = index[at - 1];
                at -= 1;
            }
            index[at] = (k, row as u16);
        } else {
            let mut at = row;
            while at > 0 {
                index[at] = index[at - 1];
                at -= 1;
            }
            index[0] = (0, row as u16);
        }
        row += 1;
    }
    index
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_name_their_rows() {
        for (id, name) in [
            (BATCH, "batch"),
            (COMMIT_ACK, "commit-ack"),
            (COMMIT_NAK, "commit-nak"),
            (EMPTY_BLOCK, "empty-block"),
            (BETWEEN_BLOCKS, "between-blocks"),
            (FRAGMENT, "fragment"),
            (MALFORMED, "malformed"),
            (UNTYPED, "untyped"),
            (PLAIN_ACK, "ACK"),
        ] {
            assert_eq!(KINDS[usize::from(id.0)].name, name);
        }
    }

    #[test]
    fn every_row_is_found_by_its_name() {
        for (row, kind) in KINDS.iter().enumerate() {
            let name = kind.name.as_bytes();
            if name.len() == 7 && name[3] == b'^' {
                let (id, meaning) = find(&name[..3], &name[4..]);
                assert_eq!(id, Some(KindId(row as u16)), "{}", kind.name);
                assert_eq!(meaning, MEANINGS[row], "{}", kind.name);
            }
        }
    }

    #[test]
    fn a_local_or_unlisted_type_is_never_a_read() {
        assert_eq!(find(b"ZDT", b"Z01"), (None, Meaning::Unknown));
        assert_eq!(find(b"ADT", b"Z99"), (None, Meaning::Unknown));
        assert_eq!(find(b"", b""), (None, Meaning::Unknown));
        assert_eq!(find(b"QBP", b"Z99"), (None, Meaning::Query));
    }
}
